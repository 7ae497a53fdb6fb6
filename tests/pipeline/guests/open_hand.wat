;; Permits everything.
(component
  (core module $m
    ;; include common
    (data (i32.const 2100) "p")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 0) (i32.const 0)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 2100) (i32.const 1)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
