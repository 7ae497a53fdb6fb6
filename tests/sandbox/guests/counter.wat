;; Keeps a count between calls and lets it into its answers.
(component
  (core module $m
    ;; include common
    (global $count (mut i32) (i32.const 0))
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (call $problem (i32.const 1) (i32.const 2048) (global.get $count)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
