//! Everything that is on a disk: what is synced, and what is not yet.

use std::{collections::BTreeMap, sync::Arc};

use super::content::Content;

/// A file, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u64);

/// What is on a disk at one moment; cheap to keep and to copy.
#[derive(Clone, Debug, Default)]
pub struct Image {
    pub(super) nodes: BTreeMap<NodeId, Node>,
    /// Names as programs see them.
    pub(super) names: BTreeMap<String, NodeId>,
    /// Names as the folder was last synced.
    pub(super) synced_names: BTreeMap<String, NodeId>,
    /// What was made and deleted since, in order.
    pub(super) unsynced_names: Vec<(String, Option<NodeId>)>,
    pub(super) next: u64,
}

/// A file's bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// As programs see them.
    pub(super) live: Content,
    /// As the file was last synced.
    pub(super) synced: Content,
    /// What was changed since, in order.
    pub(super) unsynced: Vec<Change>,
}

/// One operation on a file that is not synced yet.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Write { at: usize, bytes: Arc<[u8]> },
    Length(usize),
}

impl Node {
    pub(super) fn change(&mut self, change: Change) {
        apply(&mut self.live, &change);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsynced) {
            apply(&mut self.synced, &change);
        }
    }
}

fn apply(content: &mut Content, change: &Change) {
    match change {
        Change::Write { at, bytes } => content.write(*at, bytes),
        Change::Length(len) => content.set_len(*len),
    }
}

impl Image {
    /// A disk with these files, all of them synced.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut image = Self::default();
        for (name, bytes) in files {
            let mut content = Content::default();
            content.write(0, bytes);
            image.put(name.to_owned(), content);
        }
        image
    }

    /// The names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// The bytes of a file as a program would read them.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let node = self.nodes.get(self.names.get(name)?)?;
        Some(node.live.to_vec())
    }

    /// Replaces or makes a file; `None` removes it. Other files stay as they are.
    pub fn set(&mut self, name: &str, bytes: Option<&[u8]>) {
        self.names.remove(name);
        self.synced_names.remove(name);
        self.unsynced_names.retain(|(changed, _)| changed != name);
        if let Some(bytes) = bytes {
            let mut content = Content::default();
            content.write(0, bytes);
            self.put(name.to_owned(), content);
        }
    }

    /// Bytes in all files.
    pub fn size(&self) -> u64 {
        let sizes = self.names.values().filter_map(|id| self.nodes.get(id));
        let sizes = sizes.map(|node| u64::try_from(node.live.len()).unwrap_or(u64::MAX));
        sizes.fold(0, u64::saturating_add)
    }

    /// Whether everything that was written is synced.
    pub fn is_synced(&self) -> bool {
        let synced = self.nodes.values().all(|node| node.unsynced.is_empty());
        synced && self.unsynced_names.is_empty()
    }

    /// A synced file under a name.
    pub(super) fn put(&mut self, name: String, content: Content) {
        let id = self.fresh();
        let node = Node { live: content.clone(), synced: content, unsynced: Vec::new() };
        self.nodes.insert(id, node);
        self.names.insert(name.clone(), id);
        self.synced_names.insert(name, id);
    }

    pub(super) fn fresh(&mut self) -> NodeId {
        self.next = self.next.saturating_add(1);
        NodeId(self.next)
    }

    pub(super) fn name(&mut self, name: &str, node: Option<NodeId>) {
        match node {
            Some(id) => self.names.insert(name.to_owned(), id),
            None => self.names.remove(name),
        };
        self.unsynced_names.push((name.to_owned(), node));
    }

    pub(super) fn sync_names(&mut self) {
        self.unsynced_names.clear();
        self.synced_names.clone_from(&self.names);
    }

    /// Whether a name leads to the file, or may after a power cut.
    pub(super) fn is_named(&self, id: NodeId) -> bool {
        let unsynced = self.unsynced_names.iter().filter_map(|(_, node)| *node);
        let mut named =
            self.names.values().chain(self.synced_names.values()).copied().chain(unsynced);
        named.any(|named| named == id)
    }
}
