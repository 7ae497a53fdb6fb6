;; Never comes back from `configure`.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (loop $ever (br $ever)) (unreachable))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
