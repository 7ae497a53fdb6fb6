;; Takes memory until it gets no more, then traps.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (local.get 2) (local.get 3)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
