//! Enrolment: a one-time code turns a device into a terminal, or a terminal's next device.

use minicbor::bytes::ByteVec;

use super::{
    Platform, ServiceError,
    admin::{branch_numbered, parse_name},
};
use crate::{
    domain::{
        crypto::{hash, is_same_secret},
        enrol::{EnrolmentCode, EnrolmentRequest, Grant},
        id::{BranchId, Epoch, TerminalId},
    },
    platform::store::{BranchRow, EnrolmentRow, EnrolmentUse, TerminalKeyRow, TerminalRow, Txn},
};

/// How long an enrolment code works, in seconds.
pub const CODE_LIFETIME_S: i64 = 3600;

/// How much of what a device says it runs stands in the log, in characters.
const SOFTWARE_SHOWN_MAX: usize = 64;

/// The epoch a new terminal begins with.
const FIRST_EPOCH: Epoch = Epoch(1);

/// Which device shall be enrolled.
#[derive(Clone, Debug)]
pub struct EnrolmentOrder {
    /// Where the terminal will stand.
    pub branch: BranchId,
    /// What people will call it, such as `Till 3`.
    pub name: String,
    /// The terminal whose next epoch begins; none for a new terminal.
    pub terminal: Option<TerminalId>,
    /// Where the platform is reached, such as `https://vouchers.example`.
    pub url: String,
}

impl Platform {
    /// Makes a code that works once, for an hour.
    pub fn create_enrolment(&self, order: &EnrolmentOrder) -> Result<EnrolmentCode, ServiceError> {
        let name = parse_name(&order.name)?;
        let code = EnrolmentCode {
            url: parse_url(&order.url)?,
            root: self.root_key(),
            secret: self.entropy.bytes()?,
            pins: None,
        };
        let expires = self.now().plus(CODE_LIFETIME_S);
        self.run(|txn| {
            let branch = branch_numbered(txn, order.branch)?;
            check_terminal(txn, order.terminal, &branch)?;
            txn.add_enrolment(&EnrolmentRow {
                secret_hash: hash(&code.secret),
                merchant: branch.merchant,
                branch: order.branch,
                name,
                terminal: order.terminal,
                expires,
                used: None,
            })?;
            Ok(())
        })?;
        Ok(code)
    }

    /// Whether a request names a code that was made here: its secret cannot be guessed.
    pub fn knows_enrolment(&self, bytes: &[u8]) -> Result<bool, ServiceError> {
        let Some(secret) = EnrolmentRequest::unverified_secret(bytes) else {
            return Ok(false);
        };
        Ok(self.run(|txn| txn.enrolment(hash(&secret)).map_err(ServiceError::from))?.is_some())
    }

    /// Answers a device: signed request in, signed grant out. The same device may ask again, as one must whose
    /// answer was lost; the code belongs to the first key that used it.
    pub fn enrol(&self, bytes: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let request = EnrolmentRequest::open(bytes)?;
        let now = self.now();
        self.run(|txn| {
            let row = txn.enrolment(hash(&request.secret))?;
            let digest = hash(&request.secret);
            let row = row.filter(|row| is_same_secret(&row.secret_hash.0, &digest.0));
            let row = row.ok_or(ServiceError::EnrolmentCodeUnknown)?;
            let used = match row.used {
                Some(used) if used.key == request.key => used,
                Some(_other) => return Err(ServiceError::EnrolmentCodeUsed),
                None if now >= row.expires => return Err(ServiceError::EnrolmentCodeExpired),
                None => self.take_in(txn, &row, &request)?,
            };
            self.grant(txn, &row, used)
        })
    }

    fn take_in(
        &self,
        txn: &mut dyn Txn,
        row: &EnrolmentRow,
        request: &EnrolmentRequest,
    ) -> Result<EnrolmentUse, ServiceError> {
        let terminal = self.next_life(txn, row)?;
        let (id, epoch) = (terminal.id, terminal.epoch);
        txn.add_terminal_key(&TerminalKeyRow {
            terminal: id,
            epoch,
            key: request.key,
            enrolled_at: self.now(),
            revoked: false,
        })?;
        let used = EnrolmentUse { key: request.key, terminal: id, epoch };
        txn.use_enrolment(row.secret_hash, used)?;
        let software: String = request.software.chars().take(SOFTWARE_SHOWN_MAX).collect();
        tracing::info!(terminal = %id, %epoch, software, "terminal enrolled");
        Ok(used)
    }

    fn next_life(
        &self,
        txn: &mut dyn Txn,
        row: &EnrolmentRow,
    ) -> Result<TerminalRow, ServiceError> {
        let mut terminal = TerminalRow {
            id: TerminalId(0),
            merchant: row.merchant,
            branch: row.branch,
            name: row.name.clone(),
            epoch: FIRST_EPOCH,
            last_contact: Some(self.now()),
            software: None,
        };
        let Some(id) = row.terminal else {
            terminal.id = txn.add_terminal(&terminal)?;
            return Ok(terminal);
        };
        let known = txn.terminal(id)?.ok_or(ServiceError::TerminalUnknown)?;
        let epoch = known.epoch.0.checked_add(1);
        let epoch = epoch.ok_or(ServiceError::OutOfBounds("the terminal has no epoch left"))?;
        terminal.id = id;
        terminal.epoch = Epoch(epoch);
        txn.put_terminal(&terminal)?;
        Ok(terminal)
    }

    fn grant(
        &self,
        txn: &mut dyn Txn,
        row: &EnrolmentRow,
        used: EnrolmentUse,
    ) -> Result<Vec<u8>, ServiceError> {
        let key = txn.terminal_key(used.terminal, used.epoch)?;
        if key.is_none_or(|key| key.revoked) {
            return Err(ServiceError::TerminalRevoked);
        }
        let bundle = txn.bundle(row.merchant)?;
        let bundle = bundle.ok_or(ServiceError::NotFound("trust bundle"))?;
        let grant = Grant {
            terminal: used.terminal,
            name: row.name.clone(),
            merchant: row.merchant,
            branch: row.branch,
            epoch: used.epoch,
            key: used.key,
            bundle: ByteVec::from(bundle.bytes),
        };
        Ok(grant.seal(&self.keys.platform))
    }
}

/// A terminal's journal stays with its merchant.
fn check_terminal(
    txn: &mut dyn Txn,
    terminal: Option<TerminalId>,
    branch: &BranchRow,
) -> Result<(), ServiceError> {
    let Some(id) = terminal else {
        return Ok(());
    };
    let known = txn.terminal(id)?.ok_or(ServiceError::NotFound("terminal"))?;
    if known.merchant == branch.merchant {
        Ok(())
    } else {
        let reason = "the terminal belongs to another merchant; enrol the device as a new one";
        Err(ServiceError::Invalid(reason.to_owned()))
    }
}

fn parse_url(url: &str) -> Result<String, ServiceError> {
    let url = url.trim().trim_end_matches('/');
    let web = url.starts_with("https://") || url.starts_with("http://");
    if web && url.len() <= 200 && !url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Ok(url.to_owned())
    } else {
        let reason = "the platform's address begins with https:// or http://";
        Err(ServiceError::Invalid(reason.to_owned()))
    }
}
