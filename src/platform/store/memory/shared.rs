//! A table that transactions share until one of them writes to it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A value that costs nothing to clone; who changes it first gets a copy of their own.
#[derive(Debug, Default)]
pub(super) struct Shared<T>(Arc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}
