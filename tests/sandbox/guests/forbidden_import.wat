;; Wants to do HTTP by itself.
(component
  (import "wasi:http/outgoing-handler@0.2.12" (instance (export "handle" (func (param "url" string)))))
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
