//! The flows of the counter: several vouchers on a bill, questions of every kind, approval, and taking back in parts.

use countersign::{
    domain::{
        journal::Body,
        money::{Currency, Money},
        redeem::{
            Finding, Flow, Limits, OfflineMode, Part, Policy, Product, Rules, Stacking, Wanted,
        },
        trust::Role,
        voucher::{AmountOff, Lines, OrderLine, PercentOff, Terms, Ticket},
    },
    platform::{service::Order, store::Home},
    terminal::{
        command::{Command, UndoReason},
        view::{BackView, QuestionView, ScanView, VerdictState, VerdictView},
    },
};

use crate::{
    counter::Counter,
    stage::{START, Stage},
};

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn percent(basis_points: u16) -> Terms {
    let currency = Currency::EUR;
    Terms::PercentOff(PercentOff { basis_points, cap: 0, minimum_spend: 0, currency })
}

fn off(minor: i64, minimum_spend: i64) -> Terms {
    Terms::AmountOff(AmountOff { off: euro(minor), minimum_spend })
}

/// A campaign with these rules, whose acts nobody limits otherwise.
fn campaign(stage: &Stage, rules: Rules) -> countersign::domain::id::CampaignId {
    let policy = Policy::standard(OfflineMode::Always, Limits::default());
    stage.campaign(Home::Merchant(stage.merchant), Policy { rules, ..policy })
}

fn issue(stage: &Stage, rules: Rules, terms: &Terms) -> String {
    let campaign = campaign(stage, rules);
    stage.issue_as(terms, |order| Order { campaign, ..order }).remove(0).text
}

fn question(counter: &Counter<'_>) -> QuestionView {
    let ScanView::Question(question) = counter.view().scan else { panic!("no question") };
    question
}

fn verdict(counter: &Counter<'_>) -> VerdictView {
    let ScanView::Verdict(verdict) = counter.view().scan else { panic!("no verdict") };
    (*verdict).clone()
}

/// A bill of 42 euro with these vouchers on it, not yet redeemed.
fn bill(counter: &mut Counter<'_>, texts: &[&str]) {
    counter.send(Command::OpenBill);
    counter.send(Command::Answer("42.00".to_owned()));
    for text in texts {
        counter.scan(text);
        counter.settle();
    }
}

fn answer(counter: &mut Counter<'_>, text: &str) {
    counter.send(Command::Answer(text.to_owned()));
    counter.settle();
}

#[test]
fn coupons_on_a_bill_come_off_in_the_order_that_leaves_least() {
    let stage = Stage::new();
    let texts = [
        issue(&stage, Rules::default(), &off(500, 0)),
        issue(&stage, Rules::default(), &percent(1_500)),
    ];
    for online in [false, true] {
        let mut counter = Counter::named(&stage, if online { "b" } else { "a" }, stage.branches[0]);
        if !online {
            counter.offline();
        }
        bill(&mut counter, &[&texts[0], &texts[1]]);
        let ScanView::Bill(view) = counter.view().scan else { panic!("no bill") };
        // 15 % of 42.00 is 6.30; 5.00 of the 35.70 that are left.
        let steps: Vec<_> = view.rows.iter().map(|row| row.step.as_str()).collect();
        assert_eq!(steps, ["€42.00 − €6.30 = €35.70", "€35.70 − €5.00 = €30.70"]);
        assert_eq!(view.due.as_deref(), Some("To pay: €30.70"));
        let before = counter.entries();
        counter.send(Command::ConfirmBill);
        counter.settle();
        let verdict = verdict(&counter);
        assert_eq!(verdict.state, VerdictState::Accepted, "{verdict:?}");
        assert_eq!(verdict.due.as_deref(), Some("To pay: €30.70"));
        assert!(verdict.receipt.iter().any(|line| line == "Bill: €42.00"), "{verdict:?}");
        assert_eq!(counter.entries(), before + 2);
        if online {
            continue;
        }
        // Taken back as a whole, so that the next till has them again.
        let row = counter.view().recent[0].clone();
        assert_eq!(row.back, Some(BackView::Whole));
        let reason = UndoReason::CustomerChanged;
        counter.send(Command::RollBack { entry: row.entry, reason, part: Part::All });
        assert_eq!(counter.entries(), before + 4);
        counter.online();
    }
    assert!(stage.platform.conflicts(0, 10).unwrap().is_empty());
}

#[test]
fn one_voucher_that_is_refused_keeps_all_others_from_being_redeemed() {
    let stage = Stage::new();
    let (good, poor) = (
        issue(&stage, Rules::default(), &percent(1_000)),
        issue(&stage, Rules::default(), &off(500, 5_000)),
    );
    let mut counter = Counter::open(&stage);
    counter.offline();
    bill(&mut counter, &[&good, &poor]);
    counter.send(Command::ConfirmBill);
    let told = verdict(&counter);
    assert_eq!(told.reason.as_deref(), Some("only from €50.00"));
    let store = counter.engine.store().unwrap();
    let mut redeemed = 0;
    store
        .verify_journal(|entry| {
            redeemed += u32::from(matches!(entry.entry.body, Body::Redeemed(_)));
        })
        .unwrap();
    assert_eq!(redeemed, 0);
    // The bill waits without it.
    counter.send(Command::Dismiss);
    let ScanView::Bill(view) = counter.view().scan else { panic!("no bill") };
    assert_eq!(view.rows.len(), 1);
    counter.send(Command::ConfirmBill);
    assert_eq!(verdict(&counter).due.as_deref(), Some("To pay: €37.80"));
}

#[test]
fn vouchers_that_do_not_go_together_are_told_when_they_are_scanned() {
    let stage = Stage::new();
    let alone =
        Rules { stacking: Stacking { alone: true, ..Stacking::default() }, ..Rules::default() };
    let (first, second) =
        (issue(&stage, Rules::default(), &percent(1_000)), issue(&stage, alone, &off(500, 0)));
    let mut counter = Counter::open(&stage);
    counter.offline();
    bill(&mut counter, &[&first, &second]);
    let ScanView::Bill(view) = counter.view().scan else { panic!("no bill") };
    assert_eq!(view.problem.as_deref(), Some("does not go with another voucher"));
    assert_eq!(view.rows.len(), 1);
    counter.send(Command::Dismiss);
    assert_eq!(counter.view().scan, ScanView::Ready);
}

#[test]
fn an_act_is_granted_as_a_whole_or_not_at_all() {
    let stage = Stage::new();
    let (good, revoked) =
        (stage.issue(&percent(1_000), 1).remove(0), stage.issue(&off(500, 0), 1).remove(0));
    let mut counter = Counter::open(&stage);
    // The till does not hear of it but by asking.
    stage
        .platform
        .revoke_voucher(countersign::platform::service::VoucherName::Code(revoked.code))
        .unwrap();
    bill(&mut counter, &[&good.text, &revoked.text]);
    counter.send(Command::ConfirmBill);
    counter.settle();
    assert_eq!(verdict(&counter).reason.as_deref(), Some("cancelled by the issuer"));
    assert!(stage.platform.claims().unwrap().is_empty(), "nothing is set aside of a refused act");
}

#[test]
fn an_order_is_picked_up_in_parts() {
    let stage = Stage::new();
    let line = |count, value_each, name: &str| OrderLine {
        count,
        value_each,
        name: name.parse().unwrap(),
    };
    let lines = vec![line(2, 320, "Bread"), line(6, 90, "Roll")];
    let order = issue(&stage, Rules::default(), &Terms::PickUp { currency: Currency::EUR, lines });
    let mut counter = Counter::open(&stage);
    counter.scan(&order);
    counter.settle();
    let asked = question(&counter);
    assert_eq!(asked.wants, Wanted::Lines);
    assert_eq!(asked.lines.iter().map(|line| line.most).collect::<Vec<_>>(), [2, 6]);
    counter.send(Command::Pieces(vec![0, 0]));
    assert!(question(&counter).problem.is_some());
    counter.send(Command::Pieces(vec![2, 4]));
    counter.settle();
    let told = verdict(&counter);
    assert_eq!(told.amount.as_deref(), Some("6 pieces"));
    assert!(told.receipt.contains(&"4 × Roll".to_owned()), "{:?}", told.receipt);
    // 2 × 3.20 and 4 × 0.90.
    assert!(told.receipt.contains(&"Value: €10.00".to_owned()), "{:?}", told.receipt);
    assert!(told.details.contains(&"2 pieces left".to_owned()), "{:?}", told.details);
    // Two rolls are brought back.
    let row = counter.view().recent[0].clone();
    assert!(matches!(&row.back, Some(BackView::Lines(lines)) if lines[1].most == 4));
    let part = Part::Lines(Lines::from_slice(&[0, 2]).unwrap());
    counter.send(Command::RollBack { entry: row.entry, reason: UndoReason::CustomerChanged, part });
    counter.tick(10);
    counter.scan(&order);
    counter.settle();
    assert_eq!(question(&counter).lines.iter().map(|line| line.most).collect::<Vec<_>>(), [0, 4]);
    counter.send(Command::Pieces(vec![1, 0]));
    counter.settle();
    assert_eq!(verdict(&counter).state, VerdictState::NotValid, "the bread is gone");
}

#[test]
fn a_party_comes_in_parts() {
    let stage = Stage::new();
    let ticket =
        Ticket { starts: START, early_s: 600, late_s: 600, party: 4, value_each: euro(1_850) };
    let text = issue(&stage, Rules::default(), &Terms::Ticket(ticket));
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    let asked = question(&counter);
    assert_eq!((asked.wants, asked.offered.as_str()), (Wanted::Uses, "4"));
    assert_eq!(asked.headline, "HOW MANY PEOPLE?");
    counter.send(Command::Answer("3".to_owned()));
    assert_eq!(verdict(&counter).amount.as_deref(), Some("3 admitted"));
    counter.tick(60);
    counter.scan(&text);
    assert_eq!(
        verdict(&counter).amount.as_deref(),
        Some("1 admitted"),
        "the last one is not asked about"
    );
    counter.tick(5);
    counter.scan(&text);
    assert_eq!(verdict(&counter).state, VerdictState::AlreadyUsed);
}

#[test]
fn a_product_is_confirmed_by_key_or_by_its_barcode() {
    let stage = Stage::new();
    let product = Product { name: "Espresso".to_owned(), gtin: "4006381333931".to_owned() };
    let rules = || Rules { products: vec![product.clone()], ..Rules::default() };
    let texts: Vec<_> = (0..3).map(|_| issue(&stage, rules(), &off(100, 0))).collect();
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&texts[0]);
    let asked = question(&counter);
    assert_eq!(asked.wants, Wanted::Product);
    assert!(asked.details.contains(&"Espresso".to_owned()));
    counter.scan("4006381333931");
    assert_eq!(verdict(&counter).state, VerdictState::Accepted);
    counter.scan(&texts[1]);
    counter.send(Command::Say(false));
    let told = verdict(&counter);
    assert_eq!(told.reason.as_deref(), Some("its product is not on the bill"));
    assert_eq!(told.advice.as_deref(), Some("It is for Espresso."));
    counter.scan(&texts[2]);
    counter.send(Command::Say(true));
    assert_eq!(verdict(&counter).state, VerdictState::Accepted);
}

#[test]
fn nothing_is_consumed_before_the_cashier_confirms() {
    let stage = Stage::new();
    let rules = Rules { flow: Flow::Confirm, ..Rules::default() };
    let careful = issue(&stage, rules, &Stage::deal());
    let plain = stage.issue(&Stage::deal(), 1).remove(0).text;
    let mut counter = Counter::open(&stage);
    counter.offline();
    let before = counter.entries();
    counter.scan(&careful);
    assert_eq!(question(&counter).wants, Wanted::Confirmation);
    let asked = question(&counter);
    assert!(asked.details.contains(&"€24.90".to_owned()), "what would happen: {asked:?}");
    counter.send(Command::Say(false));
    assert_eq!((counter.view().scan, counter.entries()), (ScanView::Ready, before));
    counter.tick(10);
    counter.scan(&careful);
    counter.send(Command::Say(true));
    assert_eq!((verdict(&counter).state, counter.entries()), (VerdictState::Accepted, before + 1));
    counter.send(Command::LookFirst(true));
    assert!(counter.view().look_first);
    counter.scan(&plain);
    assert_eq!((question(&counter).wants, counter.entries()), (Wanted::Confirmation, before + 1));
    counter.send(Command::Dismiss);
    assert_eq!(counter.entries(), before + 1);
}

fn supervised(stage: &Stage) {
    let platform = &stage.platform;
    let ada = platform.create_operator(stage.merchant, "Ada", &[]).unwrap();
    platform.set_operator_role(ada, Role::Supervisor).unwrap();
    platform.set_operator_pin(ada, "2580").unwrap();
    let cashier = platform.create_operator(stage.merchant, "Ben", &[]).unwrap();
    platform.set_operator_pin(cashier, "1111").unwrap();
    let away = platform.create_operator(stage.merchant, "Cleo", &[stage.branches[1]]).unwrap();
    platform.set_operator_role(away, Role::Supervisor).unwrap();
    platform.set_operator_pin(away, "3333").unwrap();
}

#[test]
fn a_supervisor_of_this_branch_approves_and_nobody_else() {
    let stage = Stage::new();
    supervised(&stage);
    let rules = Rules { approval_above: 2_000, ..Rules::default() };
    let text = issue(&stage, rules, &Stage::deal());
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    assert_eq!(question(&counter).wants, Wanted::Approval);
    for wrong in ["1111", "3333", "0000", ""] {
        counter.send(Command::Answer(wrong.to_owned()));
        assert!(question(&counter).problem.is_some(), "{wrong}");
    }
    counter.send(Command::Answer("2580".to_owned()));
    assert_eq!(verdict(&counter).state, VerdictState::Accepted);
    let approved = counter.engine.store().unwrap().recent(1).unwrap().remove(0);
    let Body::Redeemed(redeemed) = approved.entry.body else { panic!("no redemption") };
    assert_eq!(redeemed.approved_by.map(|id| id.0), Some(1));
    assert!(redeemed.findings.has(Finding::ApprovalNeeded));
}

#[test]
fn a_pin_is_not_guessed_at_the_counter() {
    let stage = Stage::new();
    supervised(&stage);
    let rules = Rules { approval_above: 2_000, ..Rules::default() };
    let text = issue(&stage, rules, &Stage::deal());
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    for guess in 0..5 {
        counter.send(Command::Answer(format!("900{guess}")));
    }
    counter.send(Command::Answer("2580".to_owned()));
    let asked = question(&counter);
    let wait = "Too many wrong PINs. Wait 30 s, or type your number, * and your PIN.";
    assert_eq!(asked.problem.as_deref(), Some(wait));
    counter.tick(31);
    counter.send(Command::Answer("2580".to_owned()));
    assert_eq!(verdict(&counter).state, VerdictState::Accepted);
}

#[test]
fn whoever_plays_with_pins_keeps_no_supervisor_and_no_voucher_waiting() {
    let stage = Stage::new();
    supervised(&stage);
    let rules = Rules { approval_above: 2_000, ..Rules::default() };
    let text = issue(&stage, rules, &Stage::deal());
    let plain = stage.issue(&Stage::deal(), 1).remove(0).text;
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    for guess in 0..200 {
        counter.send(Command::Answer(format!("9{guess:03}")));
        // Nobody's number, and a cashier's, are as good as none.
        counter.send(Command::Answer(format!("77*9{guess:03}")));
        counter.send(Command::Answer(format!("2*9{guess:03}")));
    }
    counter.send(Command::Answer("1*2580".to_owned()));
    assert_eq!(verdict(&counter).state, VerdictState::Accepted, "she said who she is");
    counter.scan(&plain);
    assert_eq!(verdict(&counter).state, VerdictState::Accepted, "redeeming goes on");
}

#[test]
fn wrong_pins_are_remembered_over_a_restart() {
    let stage = Stage::new();
    supervised(&stage);
    let rules = Rules { approval_above: 2_000, ..Rules::default() };
    let text = issue(&stage, rules, &Stage::deal());
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    for guess in 0..5 {
        counter.send(Command::Answer(format!("1*900{guess}")));
    }
    let told = question(&counter).problem.unwrap();
    assert!(told.contains("of this supervisor"), "{told}");
    let mut counter = counter.restart();
    counter.offline();
    counter.scan(&text);
    counter.send(Command::Answer("1*2580".to_owned()));
    let told = question(&counter).problem.unwrap();
    assert!(told.contains("of this supervisor") && told.contains("30 s"), "{told}");
    counter.tick(31);
    counter.send(Command::Answer("1*2580".to_owned()));
    assert_eq!(verdict(&counter).state, VerdictState::Accepted);
}

#[test]
fn past_the_window_taking_back_needs_a_supervisor() {
    let stage = Stage::new();
    supervised(&stage);
    let rules = Rules { rollback_s: 3_600, ..Rules::default() };
    let gift = Terms::StoredValue { balance: euro(5_000) };
    let text = issue(&stage, rules, &gift);
    let mut counter = Counter::open(&stage);
    counter.offline();
    counter.scan(&text);
    counter.send(Command::Answer("20.00".to_owned()));
    let entry = counter.view().recent[0].entry;
    let part = |minor| Command::RollBack {
        entry,
        reason: UndoReason::NotDelivered,
        part: Part::Amount(minor),
    };
    counter.tick(3_600);
    counter.send(part(500));
    assert_eq!(counter.view().scan, ScanView::Ready, "within the hour a cashier may");
    counter.tick(1);
    counter.send(part(500));
    assert_eq!(question(&counter).wants, Wanted::Approval);
    counter.send(Command::Answer("2580".to_owned()));
    let view = counter.view();
    assert_eq!(view.scan, ScanView::Ready);
    assert!(view.notice.is_some());
    assert_eq!(view.recent[0].back, Some(BackView::Amount(euro(1_000))));
}

#[test]
fn the_same_voucher_is_taken_back_ten_times_and_no_more() {
    let stage = Stage::new();
    let text = issue(&stage, Rules::default(), &Stage::deal());
    let mut counter = Counter::open(&stage);
    counter.offline();
    for cycle in 0..11 {
        counter.tick(61);
        counter.scan(&text);
        assert_eq!(verdict(&counter).state, VerdictState::Accepted, "{cycle}");
        let (entry, before) = (counter.view().recent[0].entry, counter.entries());
        counter.send(Command::RollBack { entry, reason: UndoReason::WrongScan, part: Part::All });
        assert_eq!(counter.entries(), before + u64::from(cycle < 10), "{cycle}");
    }
    assert_eq!(verdict(&counter).reason.as_deref(), Some("taken back ten times already"));
}

#[test]
fn already_used_says_when_where_and_by_whom() {
    let stage = Stage::new();
    let mira = stage.platform.create_operator(stage.merchant, "Mira", &[]).unwrap();
    let text = stage.issue(&Stage::deal(), 1).remove(0).text;
    let mut other = Counter::named(&stage, "b", stage.branches[1]);
    assert!(other.engine.sign_in(mira));
    other.scan(&text);
    other.settle();
    let mut counter = Counter::open(&stage);
    counter.tick(120);
    counter.scan(&text);
    counter.settle();
    let told = verdict(&counter);
    assert_eq!(told.state, VerdictState::AlreadyUsed);
    assert_eq!(told.reason.as_deref(), Some("today 10:00, Station"), "09:00 UTC in Berlin");
    assert!(told.details.contains(&"accepted by Mira".to_owned()), "{:?}", told.details);
}

#[test]
fn not_valid_here_names_the_nearest_branches() {
    use countersign::domain::trust::Place;
    let stage = Stage::new();
    let airport = stage.platform.create_branch(stage.merchant, "Airport", "Europe/Berlin").unwrap();
    let at = |latitude| Some(Place { latitude, longitude: 10_000_000 });
    // A hundredth of a degree of latitude is 1.11 km.
    for (branch, latitude) in
        [(stage.branches[0], 53_500_000), (stage.branches[1], 53_590_000), (airport, 53_510_000)]
    {
        stage.platform.set_branch_place(branch, at(latitude)).unwrap();
    }
    let branches = vec![stage.branches[1], airport];
    let text = stage
        .issue_as(&Stage::deal(), |order| Order { branches: branches.clone(), ..order })
        .remove(0)
        .text;
    let mut counter = Counter::open(&stage);
    counter.scan(&text);
    counter.settle();
    let told = verdict(&counter);
    assert_eq!(told.reason.as_deref(), Some("not for this branch"));
    let advice = "It is accepted at Airport (1.1 km), Station (10.0 km).";
    assert_eq!(told.advice.as_deref(), Some(advice));
}

#[test]
fn a_bill_comes_back_after_something_that_is_no_voucher() {
    let stage = Stage::new();
    let coupon = issue(&stage, Rules::default(), &percent(1_000));
    let mut counter = Counter::open(&stage);
    counter.offline();
    bill(&mut counter, &[&coupon, "https://example.com"]);
    assert_eq!(verdict(&counter).state, VerdictState::NotAVoucher);
    counter.tick(4);
    let ScanView::Bill(view) = counter.view().scan else { panic!("no bill") };
    assert_eq!((view.rows.len(), view.due.as_deref()), (1, Some("To pay: €37.80")));
    answer(&mut counter, "100.00");
    let ScanView::Bill(view) = counter.view().scan else { panic!("no bill") };
    assert_eq!(view.due.as_deref(), Some("To pay: €90.00"));
}

/// The bundle that withdraws the key comes while the cashier is still asked for the amount.
#[test]
fn a_key_that_is_withdrawn_while_a_question_is_open_refuses_the_answer() {
    let stage = Stage::new();
    let text = issue(&stage, Rules::default(), &Terms::StoredValue { balance: euro(5_000) });
    let mut counter = Counter::open(&stage);
    counter.settle();
    counter.scan(&text);
    assert_eq!(question(&counter).wants, Wanted::Amount);
    let issuer = "demo".parse().unwrap();
    stage.platform.withdraw_key(&issuer, stage.key.public().id()).unwrap();
    counter.send(Command::SyncNow);
    counter.settle();
    answer(&mut counter, "10.00");
    let verdict = verdict(&counter);
    assert_eq!(verdict.state, VerdictState::NotValid, "{verdict:?}");
}
