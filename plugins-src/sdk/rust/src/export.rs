//! The macros by which a plugin names itself, one for each kind.

macro_rules! exporter {
    ($($kind:ident: $export:ident,)*) => { exporter!(@each ($) $($kind: $export,)*); };
    (@each ($d:tt) $($kind:ident: $export:ident,)*) => {
        $(
            #[doc = concat!("Exports a type as the `", stringify!($kind), "` plugin of this component.")]
            #[macro_export]
            macro_rules! $kind {
                ($d plugin:ty) => {
                    impl $d crate::Held for $d plugin {
                        fn cell() -> &'static ::std::sync::OnceLock<Self> {
                            static IT: ::std::sync::OnceLock<$d plugin> = ::std::sync::OnceLock::new();
                            &IT
                        }
                    }
                    type Component = $d crate::Adapter<$d plugin>;
                    $d crate::bindings::lifecycle::export_lifecycle!(Component with_types_in $d crate::bindings::lifecycle);
                    $d crate::bindings::$kind::$export!(Component with_types_in $d crate::bindings::$kind);
                };
            }
        )*
    };
}

exporter! {
    identity: export_identity, policy: export_policy, limit: export_limit, transform: export_transform,
    backend: export_backend, catalog: export_catalog, credential: export_credential, sink: export_sink,
}
