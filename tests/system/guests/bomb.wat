;; A backend that takes memory until it gets no more, then traps.
(component
  (core module $m
    ;; include common
    (data (i32.const 3072) "{}")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "describe") (param i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 3072) (i32.const 2)))
    (func (export "call") (param i32 i32 i32 i32 i32 i32) (result i32)
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include backend
)
