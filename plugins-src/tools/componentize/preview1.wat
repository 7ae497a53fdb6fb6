;; Stands in for `wasi_snapshot_preview1`, so that a component made of a module which wants it imports nothing.
;;
;; What programs do without meaning to, at their start or in their allocator, is answered in a fixed way:
;;   clocks     a counter, one microsecond more at each read
;;   random     the same row of bytes in every instance: it spreads hash maps, it makes no secrets
;;   output     dropped
;;   arguments, environment, preopened folders    none
;; What a plugin must not do traps: files, sockets, reading, sleeping, leaving. It is never answered as if it had been done.
(module
  (import "env" "memory" (memory 0))
  (global $clock (mut i64) (i64.const 1000000000))
  (global $row (mut i64) (i64.const 0x2545F4914F6CDD1D))

  ;; answers: 0 is success, 8 is `badf`
  (func $none (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 0))
    (i32.store (local.get $bytes) (i32.const 0))
    (i32.const 0))
  (func $nothing (param i32 i32) (result i32) (i32.const 0))
  (export "args_sizes_get" (func $none))
  (export "args_get" (func $nothing))
  (export "environ_sizes_get" (func $none))
  (export "environ_get" (func $nothing))
  (func (export "sched_yield") (result i32) (i32.const 0))

  (func (export "clock_res_get") (param i32) (param $to i32) (result i32)
    (i64.store (local.get $to) (i64.const 1000))
    (i32.const 0))
  (func (export "clock_time_get") (param i32 i64) (param $to i32) (result i32)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000)))
    (i64.store (local.get $to) (global.get $clock))
    (i32.const 0))

  ;; SplitMix64, one step for each byte
  (func (export "random_get") (param $at i32) (param $left i32) (result i32)
    (local $mixed i64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (global.set $row (i64.add (global.get $row) (i64.const 0x9E3779B97F4A7C15)))
        (local.set $mixed
          (i64.mul
            (i64.xor (global.get $row) (i64.shr_u (global.get $row) (i64.const 30)))
            (i64.const 0xBF58476D1CE4E5B9)))
        (i32.store8 (local.get $at) (i32.wrap_i64 (i64.shr_u (local.get $mixed) (i64.const 32))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; every descriptor takes what is written to it and drops it
  (func (export "fd_write") (param $fd i32) (param $vector i32) (param $left i32) (param $to i32) (result i32)
    (local $taken i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (local.set $taken (i32.add (local.get $taken) (i32.load offset=4 (local.get $vector))))
        (local.set $vector (i32.add (local.get $vector) (i32.const 8)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $to) (local.get $taken))
    (i32.const 0))

  ;; questions about descriptors: there are none
  (func $no1 (param i32) (result i32) (i32.const 8))
  (func $no2 (param i32 i32) (result i32) (i32.const 8))
  (func $no3 (param i32 i32 i32) (result i32) (i32.const 8))
  (export "fd_close" (func $no1))
  (export "fd_fdstat_get" (func $no2))
  (export "fd_fdstat_set_flags" (func $no2))
  (export "fd_filestat_get" (func $no2))
  (export "fd_prestat_get" (func $no2))
  (export "fd_prestat_dir_name" (func $no3))

  ;; what a plugin must not do
  (func (export "proc_exit") (param i32) unreachable)
  (func (export "proc_raise") (param i32) (result i32) unreachable)
  (func (export "poll_oneoff") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "fd_advise") (param i32 i64 i64 i32) (result i32) unreachable)
  (func (export "fd_allocate") (param i32 i64 i64) (result i32) unreachable)
  (func (export "fd_datasync") (param i32) (result i32) unreachable)
  (func (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) unreachable)
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) unreachable)
  (func (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) unreachable)
  (func (export "fd_pread") (param i32 i32 i32 i64 i32) (result i32) unreachable)
  (func (export "fd_pwrite") (param i32 i32 i32 i64 i32) (result i32) unreachable)
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) unreachable)
  (func (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32) unreachable)
  (func (export "fd_renumber") (param i32 i32) (result i32) unreachable)
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) unreachable)
  (func (export "fd_sync") (param i32) (result i32) unreachable)
  (func (export "fd_tell") (param i32 i32) (result i32) unreachable)
  (func (export "path_create_directory") (param i32 i32 i32) (result i32) unreachable)
  (func (export "path_filestat_get") (param i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) unreachable)
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) unreachable)
  (func (export "path_readlink") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "path_remove_directory") (param i32 i32 i32) (result i32) unreachable)
  (func (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "path_unlink_file") (param i32 i32 i32) (result i32) unreachable)
  (func (export "sock_accept") (param i32 i32 i32) (result i32) unreachable)
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) unreachable)
  (func (export "sock_shutdown") (param i32 i32) (result i32) unreachable)
)
