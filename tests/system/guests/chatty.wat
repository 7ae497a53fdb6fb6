;; A backend that asks for a line in the log, in every pass again.
(component
  (core module $m
    ;; include common
    (data (i32.const 3072) "{}")
    (data (i32.const 4096) "log")
    (data (i32.const 4112) "{\"message\":\"two\\nlines\",\"data\":{\"n\":1}}")
    (data (i32.const 4352) "\00\10\00\00\03\00\00\00\10\10\00\00\27\00\00\00")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "describe") (param i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 3072) (i32.const 2)))
    (func (export "call") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 2) (i32.const 4352) (i32.const 1)))
  )
  (core instance $i (instantiate $m))
  ;; include backend
)
