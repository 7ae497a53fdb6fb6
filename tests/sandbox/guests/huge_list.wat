;; Answers with 4096 obligations whose texts are all the same megabyte: four gigabytes to copy.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (local $i i32)
      (drop (memory.grow (i32.const 32)))
      (loop $next
        (i32.store offset=65536 (i32.mul (local.get $i) (i32.const 16)) (i32.const 0))
        (i32.store offset=65540 (i32.mul (local.get $i) (i32.const 16)) (i32.const 1000000))
        (i32.store offset=65544 (i32.mul (local.get $i) (i32.const 16)) (i32.const 0))
        (i32.store offset=65548 (i32.mul (local.get $i) (i32.const 16)) (i32.const 1000000))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $i) (i32.const 4096))))
      (call $answer (i32.const 0) (i32.const 65536) (i32.const 4096)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
