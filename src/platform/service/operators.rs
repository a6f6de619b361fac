//! The people who work at counters: where, what they may do, and by which PIN they approve.

use super::{
    Platform, ServiceError,
    admin::{own_branches, parse_name},
    publish::merchant_named,
};
use crate::{
    domain::{
        id::{BranchId, MerchantId, OperatorId},
        pin::{PinError, PinHash},
        trust::{Operator, Role},
    },
    platform::store::OperatorRow,
};

impl Platform {
    /// Adds a person who works at the named branches of a merchant; none named means all of them.
    pub fn create_operator(
        &self,
        merchant: MerchantId,
        name: &str,
        branches: &[BranchId],
    ) -> Result<OperatorId, ServiceError> {
        let name = parse_name(name)?;
        self.run(|txn| {
            merchant_named(txn, merchant)?;
            let branches = own_branches(txn, merchant, branches)?;
            let (id, role, pin) = (OperatorId(0), Role::Cashier, None);
            let operator = Operator { id, name, branches, role, pin };
            let id = txn.add_operator(&OperatorRow { merchant, operator })?;
            self.publish(txn, merchant)?;
            Ok(id)
        })
    }

    /// All operators.
    pub fn operators(&self) -> Result<Vec<OperatorRow>, ServiceError> {
        self.run(|txn| Ok(txn.operators()?))
    }

    /// Says what a person may do.
    pub fn set_operator_role(&self, id: OperatorId, role: Role) -> Result<(), ServiceError> {
        self.change_operator(id, |operator| operator.role = role)
    }

    /// Gives a person the PIN by which terminals know who approves. Nobody else of the merchant has the same, since
    /// whoever types it is who it names.
    pub fn set_operator_pin(&self, id: OperatorId, pin: &str) -> Result<(), ServiceError> {
        let invalid = |error: PinError| ServiceError::Invalid(error.to_string());
        let hash = PinHash::new(pin, self.entropy.bytes()?).map_err(invalid)?;
        let all = self.operators()?;
        let own = all.iter().find(|row| row.operator.id == id).map(|row| row.merchant);
        let own = own.ok_or(ServiceError::NotFound("operator"))?;
        let mut others = all.iter().filter(|row| row.merchant == own && row.operator.id != id);
        if others.any(|row| row.operator.pin.is_some_and(|other| other.fits(pin))) {
            let reason = "another person of this merchant has this PIN; choose a different one";
            return Err(ServiceError::Invalid(reason.to_owned()));
        }
        self.change_operator(id, |operator| operator.pin = Some(hash))
    }

    /// Takes a person's PIN away: nothing is approved by it any more.
    pub fn clear_operator_pin(&self, id: OperatorId) -> Result<(), ServiceError> {
        self.change_operator(id, |operator| operator.pin = None)
    }

    fn change_operator(
        &self,
        id: OperatorId,
        change: impl FnOnce(&mut Operator),
    ) -> Result<(), ServiceError> {
        self.run(|txn| {
            let mut all = txn.operators()?.into_iter();
            let found = all.find(|row| row.operator.id == id);
            let mut row = found.ok_or(ServiceError::NotFound("operator"))?;
            change(&mut row.operator);
            txn.put_operator(&row)?;
            self.publish(txn, row.merchant)?;
            Ok(())
        })
    }
}
