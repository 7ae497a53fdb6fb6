;; Names other effects once the first one is answered: the request `[]` instead of `{}`, and one more.
(component
  (core module $m
    ;; include common
    (data (i32.const 2100) "http{}[]")
    (data (i32.const 4096) "\34\08\00\00\04\00\00\00\38\08\00\00\02\00\00\00")
    (data (i32.const 4112) "\34\08\00\00\04\00\00\00\3a\08\00\00\02\00\00\00\34\08\00\00\04\00\00\00\38\08\00\00\02\00\00\00")
    (func $effects (param $case i32) (param $replies i32) (result i32)
      (if (result i32) (local.get $replies)
        (then (call $answer (local.get $case) (i32.const 4112) (i32.const 2)))
        (else (call $answer (local.get $case) (i32.const 4096) (i32.const 1)))))
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $effects (i32.const 4) (local.get 5)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $effects (i32.const 2) (local.get 5)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
