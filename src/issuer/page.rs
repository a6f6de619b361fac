//! One page of a print sheet: three columns and four rows of cells between hairlines.

use pdf_writer::{Buf, Content, Name, Str};

use super::{
    helvetica,
    picture::{QUIET_ZONE, QrMatrix},
    sheet::SheetItem,
};

/// The font in the page's resources.
pub(super) const FONT: Name<'static> = Name(b"F1");

/// Cells on a page.
pub(super) const PER_PAGE: usize = COLUMNS * ROWS;

/// A4 (ISO 216), in points.
pub(super) const PAGE: [f32; 2] = [mm(210.0), mm(297.0)];

/// Most modules a side, without the quiet zone: they are half a millimetre wide then, the least that a
/// counter camera reads from paper.
pub(super) const MODULES_MAX: usize = 79;

/// What stands in the margin of a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footer<'a> {
    /// On the left.
    pub(super) title: &'a str,
    /// On the right: which page of how many.
    pub(super) number: &'a str,
}

/// A page's content, and what was lost on the way.
pub(super) struct Page {
    content: Content,
    /// Characters the font lacks.
    pub(super) replaced: usize,
    /// Lines that did not fit.
    pub(super) shortened: usize,
}

impl Page {
    /// Draws at most [`PER_PAGE`] items.
    pub(super) fn draw(items: &[(&SheetItem, QrMatrix)], footer: Footer<'_>) -> Self {
        let mut page = Self { content: Content::new(), replaced: 0, shortened: 0 };
        for ((item, matrix), corner) in items.iter().zip(corners()) {
            page.cell(item, matrix, corner);
        }
        page.footer(footer);
        page
    }

    /// The content stream.
    pub(super) fn finish(self) -> Buf {
        self.content.finish()
    }

    fn cell(&mut self, item: &SheetItem, matrix: &QrMatrix, corner: Point) {
        self.hairline(corner);
        self.code(matrix, corner.moved((CELL_WIDTH - CODE) / 2.0, CODE_TOP));
        let middle = |down| corner.moved(CELL_WIDTH / 2.0, down);
        self.text(&in_fours(&item.short_code), &SHORT_CODE, middle(SHORT_CODE_DOWN));
        let lines = item.lines.iter().zip(LINES);
        for (line, (style, down)) in lines {
            self.text(line, &style, middle(down));
        }
    }

    fn hairline(&mut self, corner: Point) {
        let Point { x, y } = corner.moved(0.0, CELL_HEIGHT);
        self.content
            .set_line_width(0.25)
            .set_stroke_gray(0.65)
            .rect(x, y, CELL_WIDTH, CELL_HEIGHT)
            .stroke();
    }

    /// All modules are one path: filled one by one they would show seams on a screen.
    fn code(&mut self, matrix: &QrMatrix, corner: Point) {
        let module = CODE / real(matrix.width_with_quiet_zone());
        let Point { x, y } = corner.moved(real(QUIET_ZONE) * module, real(QUIET_ZONE) * module);
        self.content.save_state().transform([module, 0.0, 0.0, -module, x, y]).set_fill_gray(0.0);
        for (y, row) in matrix.rows().enumerate() {
            for (x, length) in dark_runs(row) {
                self.content.rect(real(x), real(y), real(length), 1.0);
            }
        }
        self.content.fill_nonzero().restore_state();
    }

    fn footer(&mut self, footer: Footer<'_>) {
        let y = mm(FOOTER_MM);
        let x = GRID_LEFT;
        self.text(footer.title, &FOOTER_TITLE, Point { x, y });
        let x = PAGE[0] - GRID_LEFT;
        self.text(footer.number, &FOOTER_NUMBER, Point { x, y });
    }

    fn text(&mut self, text: &str, style: &Style, at: Point) {
        let encoded = helvetica::encode(text);
        self.replaced = self.replaced.saturating_add(encoded.replaced);
        let fitted = style.fit(encoded.bytes);
        let shortened = usize::from(fitted.shortened);
        self.shortened = self.shortened.saturating_add(shortened);
        let x = at.x - helvetica::width(&fitted.bytes) * fitted.size * style.align;
        self.content
            .begin_text()
            .set_fill_gray(style.gray)
            .set_font(FONT, fitted.size)
            .next_line(x, at.y)
            .show(Str(&fitted.bytes))
            .end_text();
    }
}

const COLUMNS: usize = 3;
const ROWS: usize = 4;

const CELL_WIDTH: f32 = mm(62.0);
const CELL_HEIGHT: f32 = mm(67.0);
const GRID_LEFT: f32 = mm(12.0);
const GRID_TOP: f32 = mm(285.0);
const FOOTER_MM: f32 = 9.5;

/// Side of a QR code with its quiet zone.
const CODE: f32 = mm(44.0);
const CODE_TOP: f32 = mm(2.5);
const SHORT_CODE_DOWN: f32 = mm(50.0);

/// Room for text between the hairlines.
const TEXT_ROOM: f32 = mm(56.0);

const SHORT_CODE: Style =
    Style { size: 12.0, smallest: 6.0, gray: 0.0, align: CENTRE, room: TEXT_ROOM };
const HEADLINE: Style = Style { size: 9.0, smallest: 7.0, ..SHORT_CODE };
const SMALL: Style = Style { size: 8.0, smallest: 6.5, ..SHORT_CODE };
const LINES: [(Style, f32); super::sheet::LINES_MAX] =
    [(HEADLINE, mm(55.6)), (SMALL, mm(59.8)), (SMALL, mm(63.6))];
const FOOTER_TITLE: Style =
    Style { size: 8.0, smallest: 8.0, gray: 0.35, align: LEFT, room: mm(150.0) };
const FOOTER_NUMBER: Style = Style { align: RIGHT, room: mm(30.0), ..FOOTER_TITLE };

/// Share of a text's width that lies left of its point.
const LEFT: f32 = 0.0;
const CENTRE: f32 = 0.5;
const RIGHT: f32 = 1.0;

struct Style {
    size: f32,
    /// The size a long text is set in before it is shortened.
    smallest: f32,
    gray: f32,
    align: f32,
    room: f32,
}

struct Fitted {
    bytes: Vec<u8>,
    size: f32,
    shortened: bool,
}

impl Style {
    fn fit(&self, bytes: Vec<u8>) -> Fitted {
        let wanted = helvetica::width(&bytes).max(f32::EPSILON);
        let size = (self.room / wanted).clamp(self.smallest, self.size);
        let shortened = self.room / wanted < self.smallest;
        let bytes = if shortened { shorten(&bytes, self.room / size) } else { bytes };
        Fitted { bytes, size, shortened }
    }
}

fn shorten(bytes: &[u8], room: f32) -> Vec<u8> {
    let mut left = room - helvetica::advance(helvetica::ELLIPSIS);
    let fits = |byte: &u8| {
        left -= helvetica::advance(*byte);
        left >= 0.0
    };
    let kept: Vec<u8> = bytes.iter().copied().take_while(fits).collect();
    [kept.trim_ascii_end(), &[helvetica::ELLIPSIS]].concat()
}

/// From the lower left of the page, in points.
#[derive(Clone, Copy)]
struct Point {
    x: f32,
    y: f32,
}

impl Point {
    fn moved(self, right: f32, down: f32) -> Self {
        Self { x: self.x + right, y: self.y - down }
    }
}

/// Upper left corners of the cells in reading order.
fn corners() -> impl Iterator<Item = Point> {
    let row = |row| (0..COLUMNS).map(move |column| (real(row), real(column)));
    (0..ROWS).flat_map(row).map(|(row, column)| Point {
        x: GRID_LEFT + CELL_WIDTH * column,
        y: GRID_TOP - CELL_HEIGHT * row,
    })
}

/// Start and length of each run of dark modules.
fn dark_runs(row: &[bool]) -> impl Iterator<Item = (usize, usize)> {
    let starts = row.chunk_by(|a, b| a == b).scan(0_usize, |next, run| {
        let start = *next;
        *next = start.saturating_add(run.len());
        Some((start, run))
    });
    starts.filter(|(_, run)| run.first() == Some(&true)).map(|(start, run)| (start, run.len()))
}

/// `ABCD EFGH JKM`, however it was grouped before.
fn in_fours(code: &str) -> String {
    let plain = |character: &char| !matches!(character, ' ' | '-');
    let characters: Vec<char> = code.chars().filter(plain).collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// Counts of modules and cells are small.
fn real(count: usize) -> f32 {
    u16::try_from(count).map_or(f32::from(u16::MAX), f32::from)
}

/// Millimetres in points.
const fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_codes_are_grouped_in_fours_however_they_come() {
        for code in ["ABCDEFGHJKM", "ABCD-EFGH-JKM", "ABCD EFGH JKM", "A-BCDEFGHJ-KM"] {
            assert_eq!(in_fours(code), "ABCD EFGH JKM");
        }
        assert_eq!(in_fours("ABCDEFGH"), "ABCD EFGH");
        assert_eq!(in_fours(""), "");
    }

    #[test]
    fn a_text_is_made_smaller_before_it_is_shortened() {
        let style = Style { room: 100.0, ..HEADLINE };
        // A W is 944 thousandths wide: 11 fit at 9 points, 15 at 7.
        for (length, size, shortened) in [(11, 9.0, false), (15, 7.06, false), (16, 7.0, true)] {
            let fitted = style.fit(vec![b'W'; length]);
            assert!((fitted.size - size).abs() < 0.01, "{length}: {}", fitted.size);
            assert_eq!(fitted.shortened, shortened, "{length}");
            assert!(helvetica::width(&fitted.bytes) * fitted.size < 100.01);
        }
        assert!(!style.fit(Vec::new()).shortened);
    }

    #[test]
    fn a_shortened_text_ends_in_an_ellipsis_and_no_blank() {
        // Room for 1000 + 556 + 556 thousandths, and for a blank of 278 as well.
        assert_eq!(shorten(b"ab cd", 2.4), b"ab\x85");
        assert_eq!(shorten(b"ab cd", 0.0), b"\x85");
    }

    #[test]
    fn runs_of_dark_modules_are_found_at_both_ends() {
        let runs = |row: &[bool]| dark_runs(row).collect::<Vec<_>>();
        let (o, x) = (false, true);
        assert_eq!(runs(&[x, x, o, x, o, o, x]), [(0, 2), (3, 1), (6, 1)]);
        assert_eq!(runs(&[o, x, o]), [(1, 1)]);
        assert_eq!(runs(&[]), []);
    }
}
