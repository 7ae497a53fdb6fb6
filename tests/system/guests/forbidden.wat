;; A backend that wants to do HTTP by itself.
(component
  (import "wasi:http/outgoing-handler@0.2.12" (instance (export "handle" (func (param "url" string)))))
  (core module $m
    ;; include common
    (data (i32.const 3072) "{}")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "describe") (param i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 3072) (i32.const 2)))
    (func (export "call") (param i32 i32 i32 i32 i32 i32) (result i32)
      (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include backend
)
