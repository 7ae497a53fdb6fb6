;; Imports a bare function of a host that does not exist.
(component
  (import "read-secret" (func (param "name" string)))
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32) (unreachable))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)
