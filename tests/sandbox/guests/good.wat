;; A well-behaved policy: refuses the configuration `bad`, denies with the action as its message, sees the actions.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param $at i32) (param $length i32) (result i32)
      (if (i32.eq (local.get $length) (i32.const 3)) (then
        (drop (call $problem (i32.const 1) (local.get $at) (local.get $length)))
        (return (i32.const 1024))))
      (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $problem (i32.const 1) (local.get 2) (local.get 3)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
