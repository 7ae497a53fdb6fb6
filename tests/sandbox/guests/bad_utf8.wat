;; Answers with bytes that are not UTF-8.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (i32.store (i32.const 4096) (i32.const 0xfffefdfc))
      (call $problem (i32.const 1) (i32.const 4096) (i32.const 4)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
