//! The platform itself: a store, two keys, a clock and a source of randomness.

use std::{fmt, sync::Arc};

use super::{
    ServiceError,
    live::{IssuerKeys, NoKeys},
};
use crate::{
    domain::{
        crypto::{PublicKey, SecretKey},
        time::Timestamp,
    },
    platform::{
        clock::Clock,
        entropy::Entropy,
        store::{Store, Txn, transact},
    },
};

/// The keys a platform signs with.
#[derive(Debug)]
pub struct PlatformKeys {
    /// Signs trust bundles; enrolment codes carry its public half.
    pub root: SecretKey,
    /// Signs acknowledgements, replies and status manifests; bundles name it.
    pub platform: SecretKey,
}

/// A platform: everything that can be asked of it is a method.
pub struct Platform {
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: PlatformKeys,
    pub(super) entropy: Entropy,
    pub(super) issuer_keys: Arc<dyn IssuerKeys>,
    clock: Clock,
}

impl Platform {
    /// A platform over a store; the store must be the one these keys were made for.
    pub fn new(store: Arc<dyn Store>, keys: PlatformKeys, clock: Clock, entropy: Entropy) -> Self {
        Self { store, keys, entropy, issuer_keys: Arc::new(NoKeys), clock }
    }

    /// The key that enrolment codes carry.
    pub fn root_key(&self) -> PublicKey {
        self.keys.root.public()
    }

    /// The key that replies are signed with.
    pub fn platform_key(&self) -> PublicKey {
        self.keys.platform.public()
    }

    /// The platform's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A setting, such as the platform's name.
    pub fn setting(&self, name: &str) -> Result<Option<String>, ServiceError> {
        let value = self.run(|txn| Ok(txn.setting(name)?))?;
        Ok(value.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Changes a setting.
    pub fn set_setting(&self, name: &str, value: &str) -> Result<(), ServiceError> {
        self.run(|txn| Ok(txn.set_setting(name, value.as_bytes())?))
    }

    /// Runs `work` in one transaction.
    pub(super) fn run<T>(
        &self,
        work: impl FnOnce(&mut dyn Txn) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        transact(self.store.as_ref(), work)
    }
}

impl fmt::Debug for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Platform({:?})", self.keys)
    }
}
