;; `decide` loops for ever when the action begins with `L`, counts to sixty million when it begins with `S`.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (local $n i64)
      (if (i32.eq (i32.load8_u (local.get 2)) (i32.const 76)) (then (loop $ever (br $ever))))
      (if (i32.eq (i32.load8_u (local.get 2)) (i32.const 83)) (then
        (loop $more
          (local.set $n (i64.add (local.get $n) (i64.const 1)))
          (i64.store (i32.const 4096) (local.get $n))
          (br_if $more (i64.lt_u (local.get $n) (i64.const 60000000))))))
      (call $problem (i32.const 1) (local.get 2) (local.get 3)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
