;; Answers with a text of 100 000 bytes.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (drop (memory.grow (i32.const 2)))
      (call $problem (i32.const 1) (i32.const 8192) (i32.const 100000)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
