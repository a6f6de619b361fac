//! Where the reader that is meant is now, and whether it still is there.

use std::{fs, path::Path};

use super::{
    discover::{Found, ReaderId, is_port, named, with_id},
    event::SerialError,
};

/// How often the list of ports is looked at, in milliseconds.
const LOOK_MS: u64 = 400;
/// Lists in a row without the port after which it is gone: a list may be made at a bad moment.
const MISSES: u8 = 2;

/// The port to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The name to open.
    pub(super) port: String,
    /// What the list of ports says of it, if it is in there.
    pub(super) found: Option<Found>,
}

/// The reader that is meant: by a name of a port or an id, and by what was seen on that port.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    name: String,
    seen: Option<ReaderId>,
}

impl Meant {
    /// The reader with this id, or the one on the port with this name.
    pub(super) fn new(name: String) -> Self {
        Self { name, seen: None }
    }

    /// The name as the owner gave it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Remembers which reader was on the port, to know it again on another one.
    ///
    /// A spare reader takes the place of the one before; a telephone that got its port does not.
    pub(super) fn saw(&mut self, place: &Place) {
        let Some(found) = &place.found else { return };
        if self.seen.is_none() || found.known.is_some() {
            self.seen = found.id.clone().or_else(|| self.seen.take());
        }
    }

    /// The port among `ports` on which the reader is.
    pub(super) fn place(&self, ports: &[Found]) -> Result<Place, SerialError> {
        if !is_port(&self.name) {
            let absent = || SerialError::Absent { name: self.name.clone() };
            let found = named(&self.name, ports).cloned().ok_or_else(absent)?;
            return Ok(Place { port: found.port.clone(), found: Some(found) });
        }
        let here = on_port(&self.name, ports);
        let moved = self.seen.as_ref().filter(|seen| !is_on(here, seen));
        match moved.and_then(|seen| with_id(seen, ports)) {
            Some(found) => Ok(Place { port: found.port.clone(), found: Some(found.clone()) }),
            None => Ok(Place { port: self.name.clone(), found: here.cloned() }),
        }
    }
}

fn is_on(here: Option<&Found>, seen: &ReaderId) -> bool {
    here.and_then(|found| found.id.as_ref()).is_some_and(|id| seen.means(id))
}

/// The port by its name, or by the name that a link such as those in `/dev/serial/by-id` leads to.
fn on_port<'a>(name: &str, ports: &'a [Found]) -> Option<&'a Found> {
    let real = fs::canonicalize(name).ok();
    ports
        .iter()
        .find(|found| is_same(name, &found.port) || real.as_deref() == Some(Path::new(&found.port)))
}

/// Windows knows a port in upper and lower case, and with a prefix that high numbers need.
fn is_same(name: &str, port: &str) -> bool {
    let bare = name.strip_prefix(r"\\.\").unwrap_or(name);
    name == port || (port.starts_with("COM") && bare.eq_ignore_ascii_case(port))
}

/// Notices that an open port is gone where the system does not say so to a program that waits.
#[derive(Clone, Debug)]
pub(super) struct Presence {
    looked_ms: u64,
    misses: u8,
}

impl Presence {
    /// The port was listed at `now_ms`.
    pub(super) fn new(now_ms: u64) -> Self {
        Self { looked_ms: now_ms, misses: 0 }
    }

    /// Whether the port is gone at `now_ms`; `is_listed` is asked now and then.
    pub(super) fn is_gone(&mut self, now_ms: u64, is_listed: impl FnOnce() -> bool) -> bool {
        if now_ms.saturating_sub(self.looked_ms) < LOOK_MS {
            return false;
        }
        self.looked_ms = now_ms;
        self.misses = if is_listed() { 0 } else { self.misses.saturating_add(1) };
        self.misses >= MISSES
    }
}

#[cfg(test)]
mod tests {
    use super::{super::ids::known_reader, *};

    fn found(port: &str, id: &str) -> Found {
        let id: Option<ReaderId> = id.parse().ok();
        let known = id.as_ref().and_then(|id| known_reader(id.vid, id.pid));
        Found { port: port.to_owned(), id, product: None, maker: None, known }
    }

    fn port(meant: &Meant, ports: &[Found]) -> String {
        meant.place(ports).map_or_else(|error| error.to_string(), |place| place.port)
    }

    #[test]
    fn a_reader_is_found_by_its_id_on_any_port() {
        let meant = Meant::new("0c2e:0b6a:SN1".to_owned());
        assert_eq!(port(&meant, &[found("COM7", "0c2e:0b6a:SN1")]), "COM7");
        assert_eq!(port(&meant, &[found("COM8", "0c2e:0b6a:SN1")]), "COM8");
        let absent = "the reader 0c2e:0b6a:SN1 is not plugged in, or more than one is";
        assert_eq!(port(&meant, &[found("COM8", "0c2e:0b6a:SN2")]), absent);
    }

    #[test]
    fn a_reader_named_by_its_port_is_known_again_on_another() {
        let mut meant = Meant::new("COM7".to_owned());
        assert_eq!(port(&meant, &[]), "COM7", "a port that is not listed may open all the same");
        let before = [found("COM7", "0c2e:0b6a:SN1")];
        meant.saw(&meant.place(&before).unwrap());
        for (ports, expected) in [
            (vec![found("COM9", "0c2e:0b6a:SN1")], "COM9"),
            (vec![found("COM7", "05f9:4204"), found("COM9", "0c2e:0b6a:SN1")], "COM9"),
            (vec![found("COM7", "05f9:4204")], "COM7"),
            (vec![found("COM9", "0c2e:0b6a:SN2")], "COM7"),
            (vec![found("COM7", "0c2e:0b6a:SN1")], "COM7"),
            (vec![], "COM7"),
        ] {
            assert_eq!(port(&meant, &ports), expected, "{ports:?}");
        }
    }

    #[test]
    fn a_spare_reader_takes_the_place_of_the_first_and_a_telephone_does_not() {
        let first = found("COM7", "0c2e:0b6a:SN1");
        let moved = found("COM9", "0c2e:0b6a:SN1");
        for (other, expected) in [("0c2e:0b6a:SN2", "COM7"), ("04e8:6860:PHONE", "COM9")] {
            let mut meant = Meant::new("COM7".to_owned());
            let other = found("COM7", other);
            for there in [&first, &other] {
                meant.saw(&meant.place(std::slice::from_ref(there)).unwrap());
            }
            assert_eq!(port(&meant, &[other, moved.clone()]), expected);
        }
    }

    #[test]
    fn of_two_readers_alike_none_is_taken_for_the_one_that_left() {
        let mut meant = Meant::new("COM7".to_owned());
        meant.saw(&meant.place(&[found("COM7", "0c2e:0b6a")]).unwrap());
        let twins = [found("COM8", "0c2e:0b6a"), found("COM9", "0c2e:0b6a")];
        assert_eq!(port(&meant, &twins), "COM7");
    }

    #[test]
    fn names_of_windows_are_the_same_in_any_spelling() {
        for (name, port, expected) in [
            ("COM12", "COM12", true),
            ("com12", "COM12", true),
            (r"\\.\COM12", "COM12", true),
            ("COM1", "COM12", false),
            ("/dev/TTYacm0", "/dev/ttyACM0", false),
        ] {
            assert_eq!(is_same(name, port), expected, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_to_its_port() {
        let folder = tempfile::tempdir().unwrap();
        let (node, link) = (folder.path().join("ttyACM0"), folder.path().join("usb-X"));
        fs::write(&node, "").unwrap();
        std::os::unix::fs::symlink(&node, &link).unwrap();
        let node = fs::canonicalize(node).unwrap();
        let ports = [found(node.to_str().unwrap(), "0c2e:0b6a:SN1")];
        let place = Meant::new(link.to_str().unwrap().to_owned()).place(&ports).unwrap();
        assert_eq!(place.port, link.to_str().unwrap());
        assert_eq!(place.found.as_ref(), ports.first());
    }

    #[test]
    fn a_port_that_is_missing_twice_is_gone_within_a_second() {
        let mut presence = Presence::new(1_000);
        assert!(!presence.is_gone(1_399, || panic!("too soon to look")));
        assert!(!presence.is_gone(1_400, || false));
        assert!(presence.is_gone(1_800, || false));
        let mut presence = Presence::new(1_000);
        for at_ms in (1_800..9_000).step_by(800) {
            assert!(!presence.is_gone(at_ms, || false));
            assert!(!presence.is_gone(at_ms.saturating_add(400), || true));
        }
    }
}
