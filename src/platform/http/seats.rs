//! How many connections there may be, in all and from one address.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::sender::Sender;

/// Seats for connections; one address takes only a share of them.
#[derive(Clone, Debug)]
pub(super) struct Seats {
    most: usize,
    taken: Arc<Mutex<BTreeMap<Sender, usize>>>,
}

/// A seat, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    sender: Sender,
    taken: Arc<Mutex<BTreeMap<Sender, usize>>>,
}

impl Seats {
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// A seat for one more connection of an address; none where it has its share.
    pub(super) fn take(&self, sender: Sender) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(sender).or_insert(0);
        if *own >= self.most {
            return None;
        }
        *own = own.saturating_add(1);
        Some(Seat { sender, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.sender) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                taken.remove(&self.sender);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_only_its_share_and_gives_it_back() {
        let at = |text: &str| Sender::at(text.parse().unwrap());
        let (seats, one, two) = (Seats::new(2), at("203.0.113.1"), at("203.0.113.2"));
        let first = seats.take(one).unwrap();
        let _second = seats.take(one).unwrap();
        assert!(seats.take(one).is_none());
        assert!(seats.take(two).is_some());
        drop(first);
        assert!(seats.take(one).is_some());
        assert_eq!(seats.taken.lock().unwrap().len(), 1, "who left is forgotten");
    }
}
