    ;; Memory, a bump allocator that starts anew with each call of $fresh, and the answers that most guests give.
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 8192))
    (func $fresh (global.set $top (i32.const 8192)))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (loop $more
        (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
          (then (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then (unreachable))) (br $more))))
      (local.get $at))
    ;; `result<_, problem>`: ok. The answer area is at 1024.
    (func $accepted (result i32) (call $fresh) (i32.store8 (i32.const 1024) (i32.const 0)) (i32.const 1024))
    ;; A case of `verdict` or `sight` with a pointer and a length.
    (func $answer (param $case i32) (param $pointer i32) (param $length i32) (result i32)
      (call $fresh)
      (i32.store8 (i32.const 1024) (local.get $case))
      (i32.store (i32.const 1028) (local.get $pointer))
      (i32.store (i32.const 1032) (local.get $length))
      (i32.const 1024))
    ;; A case with a problem whose code is the text at 2048 and whose message is the given one.
    (func $problem (param $case i32) (param $pointer i32) (param $length i32) (result i32)
      (drop (call $answer (local.get $case) (i32.const 2048) (i32.const 4)))
      (i32.store (i32.const 1036) (local.get $pointer))
      (i32.store (i32.const 1040) (local.get $length))
      (i32.const 1024))
    (data (i32.const 2048) "code")
