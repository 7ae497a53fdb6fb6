;; A backend whose result is no JSON.
(component
  (core module $m
    ;; include common
    (data (i32.const 3072) "{}")
    (data (i32.const 4096) "{\"content\": [")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "describe") (param i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 3072) (i32.const 2)))
    (func (export "call") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 4096) (i32.const 13)))
  )
  (core instance $i (instantiate $m))
  ;; include backend
)
