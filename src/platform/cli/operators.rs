//! Operators, their roles and the PINs of supervisors.

use std::io::{BufRead, Write};

use zeroize::Zeroizing;

use super::{CliError, args::OperatorCommand, line_from, places::places};
use crate::{
    domain::{
        id::{BranchId, MerchantId, OperatorId},
        trust::Role,
    },
    platform::{service::ServiceError, site::Site},
};

pub(super) fn operator(
    site: &Site,
    command: OperatorCommand,
    (input, out): (&mut dyn BufRead, &mut dyn Write),
) -> Result<(), CliError> {
    let platform = site.platform();
    match command {
        OperatorCommand::Create { merchant, name, branches, role } => {
            let id = create(site, (merchant, &name, &branches), role)?;
            writeln!(out, "Operator {id}: {name}")?;
        }
        OperatorCommand::Role { operator, role } => {
            platform.set_operator_role(operator, role)?;
            writeln!(out, "Operator {operator} is a {}.", role.code())?;
        }
        OperatorCommand::SetPin { operator } => {
            let pin = Zeroizing::new(line_from(input)?);
            platform.set_operator_pin(operator, pin.trim())?;
            writeln!(out, "The PIN of operator {operator} is set.")?;
        }
        OperatorCommand::ClearPin { operator } => {
            platform.clear_operator_pin(operator)?;
            writeln!(out, "Operator {operator} has no PIN.")?;
        }
        OperatorCommand::List => list(site, out)?,
    }
    Ok(())
}

fn create(
    site: &Site,
    (merchant, name, branches): (MerchantId, &str, &[BranchId]),
    role: Role,
) -> Result<OperatorId, ServiceError> {
    let id = site.platform().create_operator(merchant, name, branches)?;
    if role != Role::default() {
        site.platform().set_operator_role(id, role)?;
    }
    Ok(id)
}

fn list(site: &Site, out: &mut dyn Write) -> Result<(), CliError> {
    for row in site.platform().operators()? {
        let (operator, merchant) = (row.operator, row.merchant);
        let (id, role, places) = (operator.id.0, operator.role.code(), places(&operator.branches));
        let pin = if operator.pin.is_some() { "PIN" } else { "-" };
        let name = operator.name;
        writeln!(out, "{id:>4}  merchant {merchant}  {role:<10}  {pin:<3}  {places:<20}  {name}")?;
    }
    Ok(())
}
