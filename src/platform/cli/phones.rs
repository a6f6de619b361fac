//! Phones that vouchers live on, played.

use std::io::{BufRead, Write};

use super::{
    CliError,
    args::{PhoneCommand, PresentArgs},
    line_from, write_new,
};
use crate::{
    domain::id::Hex,
    issuer::{phone::Phone, picture},
    platform::clock::Clock,
};

/// Pixels a module of a picture.
const MODULE_PX: u32 = 8;

pub(super) fn phone(command: &PhoneCommand, out: &mut dyn Write) -> Result<(), CliError> {
    let phone = match command {
        PhoneCommand::Create { key } => Phone::create(key)?,
        PhoneCommand::Show { key } => Phone::open(key)?,
    };
    writeln!(out, "{}", Hex(&phone.holder().0))?;
    Ok(())
}

/// Prints what the phone's screen would show.
pub(super) fn present(
    args: &PresentArgs,
    (input, out): (&mut dyn BufRead, &mut dyn Write),
) -> Result<(), CliError> {
    let text = text_or_input(&args.text, input)?;
    let at = args.at.unwrap_or_else(|| Clock::system().now());
    let shown = Phone::open(&args.key)?.show(text.trim(), at)?;
    if let Some(path) = &args.png {
        write_new(path, &picture::png(&shown, MODULE_PX).map_err(CliError::draw)?)?;
    }
    writeln!(out, "{shown}")?;
    Ok(())
}

/// What is typed, or the next line of the input for `-`: arguments can be seen by others on the machine.
pub(super) fn text_or_input(text: &str, input: &mut dyn BufRead) -> Result<String, CliError> {
    if text == "-" { line_from(input) } else { Ok(text.to_owned()) }
}
