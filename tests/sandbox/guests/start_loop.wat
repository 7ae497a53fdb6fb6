;; Loops in its start function, before anything is called.
(component
  (core module $m
    ;; include common
    (func $start (loop $ever (br $ever)))
    (start $start)
    (func (export "configure") (param i32 i32) (result i32) (unreachable))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
