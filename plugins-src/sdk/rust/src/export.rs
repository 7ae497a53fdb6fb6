//! The macros by which a plugin names itself, one for each kind. They write the exports of its world; natively, where
//! tests run, they only check that the type fits.

/// Holds a type as the one plugin of its component, and exports what all kinds have.
#[doc(hidden)]
#[macro_export]
macro_rules! __plugin {
    ($plugin:ty, $kind:ident) => {
        impl $crate::Held for $plugin {
            fn cell() -> &'static ::std::sync::OnceLock<Self> {
                static IT: ::std::sync::OnceLock<$plugin> = ::std::sync::OnceLock::new();
                &IT
            }
        }
        const _: fn() = || {
            fn fits<T: $crate::$kind>() {}
            fits::<$plugin>();
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(export_name = "cabi_realloc")]
            unsafe extern "C" fn realloc(old: *mut u8, old_size: usize, align: usize, size: usize) -> *mut u8 {
                // SAFETY: the host keeps to the canonical ABI.
                unsafe { $crate::abi::realloc(old, old_size, align, size) }
            }
        };
        $crate::__function!(
            $plugin,
            configure(config, config_length),
            "mcpg:plugin/lifecycle@1.0.0#configure",
            "cabi_post_mcpg:plugin/lifecycle@1.0.0#configure"
        );
    };
}

/// Exports one function and what lets go of its answer.
#[doc(hidden)]
#[macro_export]
macro_rules! __function {
    ($plugin:ty, $function:ident($($at:ident, $length:ident),*), $name:literal, $done:literal) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[unsafe(export_name = $name)]
            unsafe extern "C" fn function($($at: *mut u8, $length: usize),*) -> *const $crate::abi::Words {
                // SAFETY: the host gives each parameter as the canonical ABI has it.
                unsafe { $crate::adapters::$function::<$plugin>($($crate::abi::Lift::lift($at, $length)),*) }
            }
            #[unsafe(export_name = $done)]
            extern "C" fn done(_: *mut u8) {
                $crate::abi::done();
            }
        };
    };
}

/// Exports a type as the `identity` plugin of this component.
#[macro_export]
macro_rules! identity {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Identity);
        $crate::__function!(
            $plugin,
            identify(a, a_length, b, b_length),
            "mcpg:plugin/identity@1.0.0#identify",
            "cabi_post_mcpg:plugin/identity@1.0.0#identify"
        );
    };
}

/// Exports a type as the `policy` plugin of this component.
#[macro_export]
macro_rules! policy {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Policy);
        $crate::__function!(
            $plugin,
            decide(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/policy@1.0.0#decide",
            "cabi_post_mcpg:plugin/policy@1.0.0#decide"
        );
        $crate::__function!(
            $plugin,
            see(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/policy@1.0.0#see",
            "cabi_post_mcpg:plugin/policy@1.0.0#see"
        );
    };
}

/// Exports a type as the `limit` plugin of this component.
#[macro_export]
macro_rules! limit {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Limit);
        $crate::__function!(
            $plugin,
            reserve(a, a_length, b, b_length),
            "mcpg:plugin/limit@1.0.0#reserve",
            "cabi_post_mcpg:plugin/limit@1.0.0#reserve"
        );
        $crate::__function!(
            $plugin,
            settle(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/limit@1.0.0#settle",
            "cabi_post_mcpg:plugin/limit@1.0.0#settle"
        );
    };
}

/// Exports a type as the `transform` plugin of this component.
#[macro_export]
macro_rules! transform {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Transform);
        $crate::__function!(
            $plugin,
            before(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/transform@1.0.0#before",
            "cabi_post_mcpg:plugin/transform@1.0.0#before"
        );
        $crate::__function!(
            $plugin,
            after(a, a_length, b, b_length, c, c_length, d, d_length),
            "mcpg:plugin/transform@1.0.0#after",
            "cabi_post_mcpg:plugin/transform@1.0.0#after"
        );
    };
}

/// Exports a type as the `backend` plugin of this component.
#[macro_export]
macro_rules! backend {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Backend);
        $crate::__function!(
            $plugin,
            describe(a, a_length),
            "mcpg:plugin/backend@1.0.0#describe",
            "cabi_post_mcpg:plugin/backend@1.0.0#describe"
        );
        $crate::__function!(
            $plugin,
            call(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/backend@1.0.0#call",
            "cabi_post_mcpg:plugin/backend@1.0.0#call"
        );
    };
}

/// Exports a type as the `catalog` plugin of this component.
#[macro_export]
macro_rules! catalog {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Catalog);
        $crate::__function!(
            $plugin,
            shape(a, a_length, b, b_length),
            "mcpg:plugin/catalog@1.0.0#shape",
            "cabi_post_mcpg:plugin/catalog@1.0.0#shape"
        );
    };
}

/// Exports a type as the `credential` plugin of this component.
#[macro_export]
macro_rules! credential {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Credential);
        $crate::__function!(
            $plugin,
            issue_for(a, a_length, b, b_length, c, c_length),
            "mcpg:plugin/credential@1.0.0#issue-for",
            "cabi_post_mcpg:plugin/credential@1.0.0#issue-for"
        );
    };
}

/// Exports a type as the `sink` plugin of this component.
#[macro_export]
macro_rules! sink {
    ($plugin:ty) => {
        $crate::__plugin!($plugin, Sink);
        $crate::__function!(
            $plugin,
            deliver(a, a_length, b, b_length),
            "mcpg:plugin/sink@1.0.0#deliver",
            "cabi_post_mcpg:plugin/sink@1.0.0#deliver"
        );
    };
}
