//! The disk against what it is for.

use std::time::Duration;

use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng as _};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::{Disk, FILE_SYSTEM, Fault, Image, Trouble, VFS};
use crate::{
    domain::crypto::SecretKey,
    platform::store::{SqliteStore, Store as _},
    store::{Store, StoreError},
};

fn connect(disk: &Disk, mode: &str) -> Connection {
    connect_within(disk, mode, Duration::from_secs(5))
}

/// A connection that waits so long for others, also while it is made.
fn connect_within(disk: &Disk, mode: &str, patience: Duration) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let conn = Connection::open_with_flags_and_vfs(disk.dir().join("a.db"), flags, VFS).unwrap();
    conn.busy_timeout(patience).unwrap();
    conn.pragma_update(None, "journal_mode", mode).unwrap();
    conn.pragma_update(None, "synchronous", "EXTRA").unwrap();
    conn
}

fn count(conn: &Connection) -> u32 {
    conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

/// How many rows each of many cuts left; none where the table or the file is gone.
fn left_by_cuts(image: &Image) -> Vec<Option<u32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let after = |_| {
        let disk = Disk::of(image.cut(&mut rng));
        let conn = connect(&disk, "WAL");
        let sound: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        let found = conn.query_row("SELECT count(*) FROM t", [], |row| row.get(0));
        found.ok()
    };
    (0..200).map(after).collect()
}

#[test]
fn what_was_committed_survives_every_cut_and_what_was_not_never_shows_in_part() {
    for mode in ["WAL", "DELETE"] {
        let disk = Disk::default();
        let conn = connect(&disk, mode);
        conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
        conn.execute("INSERT INTO t VALUES (zeroblob(9000))", []).unwrap();
        disk.watch();
        conn.execute("INSERT INTO t VALUES (zeroblob(9000))", []).unwrap();
        let moments = disk.moments();
        assert!(moments.len() > 3, "{mode}: {}", moments.len());
        let mut seen = [false; 2];
        for moment in &moments {
            for left in left_by_cuts(&moment.image) {
                let rows = left.unwrap();
                assert!(rows == 1 || rows == 2, "{mode}: {rows}");
                seen[usize::from(rows == 2)] = true;
            }
        }
        assert_eq!(seen, [true, true], "{mode}");
        assert_eq!(left_by_cuts(&disk.image()), vec![Some(2); 200], "{mode}");
    }
}

#[test]
fn without_syncs_something_is_lost() {
    let disk = Disk::default();
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    disk.lie(true);
    conn.execute("INSERT INTO t VALUES (1)", []).unwrap();
    assert!(!disk.image().is_synced());
    let left = left_by_cuts(&disk.image());
    assert!(left.contains(&Some(0)) && left.contains(&Some(1)), "{left:?}");
}

#[test]
fn a_name_that_was_not_synced_can_be_lost_with_everything_in_it() {
    let disk = Disk::default();
    disk.lie(true);
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    let cuts: Vec<Image> =
        (0..50).map(|seed| disk.image().cut(&mut ChaCha8Rng::seed_from_u64(seed))).collect();
    assert!(cuts.iter().any(|image| image.names().next().is_none()));
    assert!(cuts.iter().any(|image| image.names().eq(["a.db", "a.db-wal"])));
    assert_eq!(disk.image().synced_only().names().count(), 0);
}

#[test]
fn the_same_seed_leaves_the_same() {
    let disk = Disk::default();
    disk.lie(true);
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB); INSERT INTO t VALUES (zeroblob(50000))").unwrap();
    let left = |seed| {
        let image = disk.image().cut(&mut ChaCha8Rng::seed_from_u64(seed));
        let names: Vec<String> = image.names().map(str::to_owned).collect();
        names.into_iter().map(|name| (image.read(&name), name)).collect::<Vec<_>>()
    };
    assert_eq!(left(5), left(5));
    assert!((6..20).any(|seed| left(seed) != left(5)));
}

#[test]
fn every_trouble_is_told_and_a_half_written_file_is_recovered() {
    for trouble in Trouble::ALL {
        for at in 0..4 {
            let disk = Disk::default();
            let conn = connect(&disk, "WAL");
            conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
            drop(conn);
            let conn = connect(&disk, "WAL");
            let before = disk.counts();
            disk.fail(Fault { trouble, at: before.of(trouble) + at, sticky: true });
            let written = conn.execute("INSERT INTO t VALUES (zeroblob(9000))", []);
            let failed = disk.counts().failed > before.failed;
            assert_eq!(written.is_err(), failed, "{trouble:?} {at}: {written:?}");
            let full =
                written.is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DiskFull));
            assert_eq!(full, failed && trouble == Trouble::Full, "{trouble:?} {at}");
            disk.mend();
            drop(conn);
            assert!(count(&connect(&disk, "WAL")) <= 1);
        }
    }
}

#[test]
fn what_a_failed_sync_was_for_is_lost_even_if_a_later_one_succeeds() {
    let disk = Disk::default();
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    disk.fail(Fault { trouble: Trouble::Sync, at: disk.counts().of(Trouble::Sync), sticky: false });
    assert!(conn.execute("INSERT INTO t VALUES (1)", []).is_err());
    let len = |image: &Image| image.read("a.db-wal").unwrap().len();
    assert!(len(&disk.image().synced_only()) < len(&disk.image()));
}

#[test]
fn a_full_disk_says_so_and_has_room_again_when_it_grows() {
    let disk = Disk::default();
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    disk.set_capacity(Some(disk.image().size() + 20_000));
    let insert = |bytes: u32| conn.execute("INSERT INTO t VALUES (zeroblob(?1))", [bytes]);
    assert_eq!(insert(100).unwrap(), 1);
    let error = insert(40_000).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    disk.set_capacity(None);
    assert_eq!(insert(40_000).unwrap(), 1);
    assert_eq!(count(&conn), 2);
}

#[test]
fn a_disk_that_is_replaced_is_lost_to_those_who_had_it_open() {
    let disk = Disk::default();
    let conn = connect(&disk, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    let before = disk.image();
    conn.execute("INSERT INTO t VALUES (1)", []).unwrap();
    disk.restore(before);
    assert!(conn.execute("INSERT INTO t VALUES (2)", []).is_err());
    drop(conn);
    assert_eq!(count(&connect(&disk, "WAL")), 0);
}

#[test]
fn copies_of_a_disk_go_their_own_ways() {
    let first = Disk::default();
    let conn = connect(&first, "WAL");
    conn.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    let second = Disk::of(first.image());
    conn.execute("INSERT INTO t VALUES (1)", []).unwrap();
    let other = connect(&second, "WAL");
    assert_eq!((count(&conn), count(&other)), (1, 0));
    drop(other);
    let dir = second.dir();
    drop(second);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let gone = Connection::open_with_flags_and_vfs(dir.join("a.db"), flags, VFS);
    assert_eq!(gone.unwrap_err().sqlite_error_code(), Some(ErrorCode::CannotOpen));
}

#[test]
fn connections_to_one_file_see_and_wait_for_each_other() {
    for mode in ["WAL", "DELETE"] {
        let disk = Disk::default();
        let (one, two) = (connect(&disk, mode), connect(&disk, mode));
        one.execute_batch("CREATE TABLE t (a BLOB)").unwrap();
        one.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
        let busy = two.execute_batch("BEGIN IMMEDIATE").unwrap_err();
        assert_eq!(busy.sqlite_error_code(), Some(ErrorCode::DatabaseBusy), "{mode}");
        assert_eq!(count(&two), 0, "{mode}");
        one.execute_batch("COMMIT").unwrap();
        assert_eq!(count(&two), 1, "{mode}");
        two.execute("INSERT INTO t VALUES (2)", []).unwrap();
        assert_eq!(count(&one), 2, "{mode}");
    }
}

#[test]
fn threads_that_share_a_file_lose_nothing() {
    let disk = Disk::default();
    connect(&disk, "WAL").execute_batch("CREATE TABLE t (a BLOB)").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let conn = connect_within(&disk, "WAL", Duration::from_hours(1));
                for _ in 0..50 {
                    conn.execute("INSERT INTO t VALUES (1)", []).unwrap();
                }
            });
        }
    });
    assert_eq!(count(&connect(&disk, "WAL")), 200);
}

#[test]
fn both_stores_live_on_it() {
    let disk = Disk::default();
    let key = || SecretKey::from_seed(&[9; 32]);
    let missing = Store::open(disk.place(), key()).map(drop);
    assert!(matches!(missing, Err(StoreError::NotEnrolled)), "{missing:?}");
    let file = disk.dir().join("platform.db");
    let one = SqliteStore::open_on(&file, Some(FILE_SYSTEM)).unwrap();
    let two = SqliteStore::open_on(&file, Some(FILE_SYSTEM)).unwrap();
    let txn = one.begin().unwrap();
    assert!(two.begin().is_err(), "the other writes");
    txn.commit().unwrap();
    two.begin().unwrap().commit().unwrap();
    assert!(disk.image().names().eq(["platform.db", "platform.db-wal"]));
}
