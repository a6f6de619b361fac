//! Reading and writing parcels in a folder.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use super::{CarriageError, FILES_MAX, PARCELS_MAX};
use crate::{
    domain::sync::{PARCEL_BYTES_MAX, ParcelKind, ParcelName},
    files,
};

/// The parcels of one kind in a folder, the latest days first, at most [`PARCELS_MAX`] of those that are `wanted`.
pub fn names(
    folder: &Path,
    kind: ParcelKind,
    wanted: impl Fn(&ParcelName) -> bool,
) -> Result<Vec<ParcelName>, CarriageError> {
    let failed = |source| CarriageError::Folder { folder: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(FILES_MAX) {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_str().and_then(|name| name.parse::<ParcelName>().ok());
        names.extend(name.filter(|name| name.kind == kind && wanted(name)));
    }
    names.sort_by(|a, b| b.day.cmp(&a.day).then(a.cmp(b)));
    names.truncate(PARCELS_MAX);
    Ok(names)
}

/// The content of a parcel's file, never more than a parcel may have.
pub fn read(folder: &Path, name: &ParcelName) -> Result<Vec<u8>, CarriageError> {
    let failed = |source| CarriageError::Read { name: name.to_string(), source };
    let path = folder.join(name.to_string());
    let expected = fs::symlink_metadata(&path).map_err(failed)?;
    // Opening a pipe would wait for whoever fills it.
    if !expected.is_file() {
        return Err(CarriageError::NotAFile(name.to_string()));
    }
    let file = File::open(&path).map_err(failed)?;
    if !is_same(&expected, &file.metadata().map_err(failed)?) {
        return Err(CarriageError::NotAFile(name.to_string()));
    }
    let mut bytes = Vec::new();
    let most = (PARCEL_BYTES_MAX as u64).saturating_add(1);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > PARCEL_BYTES_MAX {
        return Err(CarriageError::TooLarge(name.to_string()));
    }
    Ok(bytes)
}

/// Whether what was opened is what was looked at, and no link was put in its place meanwhile.
#[cfg(unix)]
fn is_same(expected: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    opened.is_file() && (expected.dev(), expected.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_same(_expected: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

/// Writes a parcel, on the medium before this returns; one of the same name is replaced, whole or not at all.
pub fn write(folder: &Path, name: &ParcelName, bytes: &[u8]) -> Result<(), CarriageError> {
    let failed = |source| {
        let (name, folder) = (name.to_string(), folder.to_owned());
        CarriageError::Write { name, folder, source }
    };
    let draft = folder.join(format!("{name}.part"));
    let written = write_new(&draft, bytes)
        .and_then(|()| fs::rename(&draft, folder.join(name.to_string())))
        .and_then(|()| files::sync_folder(folder));
    written.map_err(|source| {
        fs::remove_file(&draft).ok();
        failed(source)
    })
}

/// A draft that was cut off is removed first; what is created is never somebody else's file or link.
fn write_new(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{crypto::KeyId, id::TerminalId, time::Timestamp};

    fn name(terminal: u32, day: i64, kind: ParcelKind) -> ParcelName {
        let at = Timestamp(1_795_338_000).plus(day.saturating_mul(86_400));
        ParcelName::new(TerminalId(terminal), KeyId([1, 2, 3, 4]), kind, at)
    }

    #[test]
    fn parcels_are_found_by_kind_and_owner_the_latest_first() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (name(5, 0, ParcelKind::Replies), name(5, 9, ParcelKind::Replies));
        for other in [old, new, name(5, 1, ParcelKind::Requests), name(6, 1, ParcelKind::Replies)] {
            write(dir.path(), &other, b"x").unwrap();
        }
        fs::write(dir.path().join("holiday.jpg"), "x").unwrap();
        fs::write(dir.path().join(format!("{new}.part")), "x").unwrap();
        let own = |name: &ParcelName| name.terminal == TerminalId(5);
        assert_eq!(names(dir.path(), ParcelKind::Replies, own).unwrap(), [new, old]);
        let gone = dir.path().join("gone");
        let error = names(&gone, ParcelKind::Replies, own).unwrap_err().to_string();
        assert!(error.contains("cannot be read"), "{error}");
    }

    #[test]
    fn a_parcel_takes_the_place_of_one_of_the_same_name_and_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        let name = name(5, 0, ParcelKind::Requests);
        fs::write(dir.path().join(format!("{name}.part")), "half a par").unwrap();
        write(dir.path(), &name, b"first").unwrap();
        write(dir.path(), &name, b"second").unwrap();
        assert_eq!(read(dir.path(), &name).unwrap(), b"second");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let missing = write(&dir.path().join("gone"), &name, b"x").unwrap_err();
        assert!(missing.to_string().contains("cannot be written"), "{missing}");
    }

    #[test]
    fn more_than_a_parcel_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let name = name(5, 0, ParcelKind::Replies);
        let file = File::create(dir.path().join(name.to_string())).unwrap();
        file.set_len(PARCEL_BYTES_MAX as u64 + 1).unwrap();
        assert!(matches!(read(dir.path(), &name), Err(CarriageError::TooLarge(_))));
        file.set_len(1 << 40).unwrap();
        assert!(matches!(read(dir.path(), &name), Err(CarriageError::TooLarge(_))));
    }

    #[cfg(unix)]
    #[test]
    fn links_folders_and_their_targets_are_left_alone() {
        let (dir, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let diary = home.path().join("diary");
        fs::write(&diary, "dear diary").unwrap();
        let name = name(5, 0, ParcelKind::Replies);
        let path = dir.path().join(name.to_string());
        let draft = dir.path().join(format!("{name}.part"));
        for link in [&path, &draft] {
            std::os::unix::fs::symlink(&diary, link).unwrap();
        }
        assert!(matches!(read(dir.path(), &name), Err(CarriageError::NotAFile(_))));
        write(dir.path(), &name, b"parcel").unwrap();
        assert_eq!(fs::read_to_string(&diary).unwrap(), "dear diary");
        assert_eq!(read(dir.path(), &name).unwrap(), b"parcel");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(read(dir.path(), &name), Err(CarriageError::NotAFile(_))));
        assert!(matches!(write(dir.path(), &name, b"x"), Err(CarriageError::Write { .. })));
        assert!(path.is_dir() && !draft.exists());
    }
}
