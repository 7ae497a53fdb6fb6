;; Asks for one more effect whenever the others are answered, for ever.
(component
  (core module $m
    ;; include common
    (data (i32.const 2100) "http{}")
    (func $effects (param $count i32) (result i32) (local $at i32) (local $i i32)
      (loop $more
        (local.set $at (i32.add (i32.const 4096) (i32.shl (local.get $i) (i32.const 4))))
        (i32.store (local.get $at) (i32.const 2100))
        (i32.store offset=4 (local.get $at) (i32.const 4))
        (i32.store offset=8 (local.get $at) (i32.const 2104))
        (i32.store offset=12 (local.get $at) (i32.const 2))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $i) (local.get $count))))
      (local.get $count))
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 4) (i32.const 4096) (call $effects (i32.add (local.get 5) (i32.const 1)))))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 2) (i32.const 4096) (call $effects (i32.add (local.get 5) (i32.const 1)))))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
