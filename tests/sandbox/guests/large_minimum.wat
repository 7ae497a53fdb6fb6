;; Wants more memory from the start than any limit of the tests.
(component
  (core module $m
    (memory (export "memory") 4096)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "configure") (param i32 i32) (result i32) (unreachable))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
