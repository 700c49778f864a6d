namespace WordProblems;

/// <summary>All the wordings. Those with a statement are the part of the distribution that pretraining sees solved.</summary>
public static class Frames
{
    /// <summary>Every frame, one step first.</summary>
    public static IReadOnlyList<Frame> All { get; } =
    [
        // Addition, solved in pretraining.
        new("+", "{p} has {a} {i}. {q} gives {o} {b} more.", "How many {i} does {p} have now?", "Now {p} has {=} {i}."),
        new("+", "{p} finds {a} {i} and {q} finds {b} {i}.", "How many {i} do they find together?", "Together they find {=} {i}."),
        new("+", "There are {a} {i} in the box. {p} puts in {b} more.", "How many {i} are in the box now?", "Now the box holds {=} {i}."),
        new("+", "{p} bought {a} {i} and {b} {j}.", "How many things did {p} buy in all?", "{p} bought {=} things in all."),
        new("+", "{p} read {a} pages in the morning and {b} pages at night.", "How many pages did {p} read?", "{p} read {=} pages."),
        new("+", "A farm has {a} hens and {b} ducks.", "How many birds are on the farm?", "The farm has {=} birds."),
        new("+", "{p} walked {a} steps. Then {s} walked {b} steps more.", "How many steps did {p} walk?", "{p} walked {=} steps."),

        // Addition, new in fine-tuning.
        new("+", "{p} keeps {a} {i} at home and {b} {i} at school.", "How many {i} does {p} own?"),
        new("+", "{a} children sit in the bus. {b} more get in.", "How many children are in the bus now?"),
        new("+", "{p} made {a} {i} on Monday and {b} {i} on Friday.", "How many {i} did {p} make?"),
        new("+", "{q} has {a} {i}. {p} has {b} {i} more than {q}.", "How many {i} does {p} have?"),
        new("+", "{p} gave away {b} {i} and has {a} {i} left.", "How many {i} did {p} have at first?"),
        new("+", "A book costs {a} coins and a pen costs {b} coins.", "How many coins do both cost?"),
        new("+", "One row has {a} plants and the next row has {b} plants.", "How many plants are in both rows?"),

        // Subtraction, solved in pretraining.
        new("-", "{p} has {a} {i}. {P} gives {b} to {q}.", "How many {i} does {p} have left?", "{p} has {=} {i} left."),
        new("-", "There are {a} {i} in the box. {p} takes out {b}.", "How many {i} are still in the box?", "The box still holds {=} {i}."),
        new("-", "{p} had {a} coins and spent {b}.", "How many coins are left?", "Then {=} coins are left."),
        new("-", "{a} birds sat on a tree. {b} flew away.", "How many birds stayed?", "On the tree {=} birds stayed."),
        new("-", "{p} made {a} {i} and sold {b} of them.", "How many {i} were not sold?", "{p} did not sell {=} {i}."),
        new("-", "A book has {a} pages. {p} has read {b} pages.", "How many pages are left to read?", "There are {=} pages left to read."),

        // Subtraction, new in fine-tuning.
        new("-", "{p} has {a} {i} and {q} has {b} {i}.", "How many more {i} does {p} have than {q}?"),
        new("-", "{p} lost {b} of the {a} {i}.", "How many {i} does {p} still have?"),
        new("-", "{q} has {a} {i}. {p} has {b} {i} less than {q}.", "How many {i} does {p} have?"),
        new("-", "{a} children are in the bus. {b} get out.", "How many children are in the bus now?"),
        new("-", "{p} wants {a} {i} and has {b} {i}.", "How many more {i} does {p} need?"),
        new("-", "Of {a} {i} on the table, {b} are old and the others are new.", "How many {i} are new?"),
        new("-", "After {q} gave {o} {b} {i}, {p} had {a} {i}.", "How many {i} did {p} have at first?"),

        // Multiplication, solved in pretraining.
        new("*", "{p} has {a} {k} with {b} {i} in each.", "How many {i} does {p} have in all?", "In all {p} has {=} {i}."),
        new("*", "There are {a} rows of {b} plants.", "How many plants are there?", "That makes {=} plants."),
        new("*", "{p} buys {a} pens for {b} coins each.", "How many coins does {p} pay?", "{p} pays {=} coins."),
        new("*", "{a} children get {b} {i} each.", "How many {i} do they get together?", "Together they get {=} {i}."),
        new("*", "{p} reads {b} pages a day for {a} days.", "How many pages does {p} read?", "{p} reads {=} pages."),

        // Multiplication, new in fine-tuning.
        new("*", "Each of the {a} {k} holds {b} {i}.", "How many {i} do the {k} hold?"),
        new("*", "{q} has {a} {i}. {p} has {b} times as many.", "How many {i} does {p} have?"),
        new("*", "{p} makes {a} {i} an hour and works for {b} hours.", "How many {i} does {p} make?"),
        new("*", "A bus takes {a} children. There are {b} buses.", "How many children can go?"),
        new("*", "{p} puts {b} {i} on each of {a} tables.", "How many {i} are on the tables?"),

        // Division, solved in pretraining.
        new("/", "{p} shares {a} {i} equally among {b} children.", "How many {i} does each child get?", "Each child gets {=} {i}."),
        new("/", "{p} puts {a} {i} into {b} {k}, the same number in each.", "How many {i} are in each?", "Each one holds {=} {i}."),
        new("/", "{a} plants stand in {b} equal rows.", "How many plants are in a row?", "Each row has {=} plants."),
        new("/", "{p} paid {a} coins for {b} pens.", "How many coins did one pen cost?", "One pen cost {=} coins."),

        // Division, new in fine-tuning.
        new("/", "{p} has {a} {i} and puts {b} {i} in each bag.", "How many bags does {p} fill?"),
        new("/", "{p} reads {b} pages a day. The book has {a} pages.", "How many days does {p} need?"),
        new("/", "{q} has {a} {i}, {b} times as many as {p}.", "How many {i} does {p} have?"),
        new("/", "{a} children ride in {b} buses, the same number in each.", "How many children are in one bus?"),
        new("/", "A pen costs {b} coins. {p} has {a} coins.", "How many pens can {p} buy?"),

        // Two steps: never solved in pretraining.
        new("+-", "{p} has {a} {i}. {q} gives {o} {b} more. Then {s} loses {c}.", "How many {i} does {p} have left?"),
        new("+-", "{p} found {a} {i} and {q} found {b} {i}. They sold {c} of them.", "How many {i} do they still have?"),
        new("+-", "There are {a} {i} in the box. {p} puts in {b} and {q} takes out {c}.", "How many {i} are in the box now?"),
        new("+-", "{a} children sit in the bus. {b} get in and {c} get out.", "How many children are in the bus now?"),
        new("-+", "{p} had {a} coins, spent {b} and then got {c} more.", "How many coins does {p} have now?"),
        new("-+", "{a} birds sat on a tree. {b} flew away and {c} came back.", "How many birds are on the tree now?"),
        new("--", "{p} had {a} {i}. {P} gave {b} to {q} and lost {c}.", "How many {i} does {p} have left?"),
        new("--", "A book has {a} pages. {p} read {b} pages in the morning and {c} at night.", "How many pages are left to read?"),
        new("++", "{p} made {a} {i} on Monday, {b} on Friday and {c} on Sunday.", "How many {i} did {p} make?"),
        new("*+", "{p} has {a} {k} with {b} {i} in each and {c} more {i} at home.", "How many {i} does {p} have in all?"),
        new("*+", "{p} buys {a} pens for {b} coins each and a book for {c} coins.", "How many coins does {p} pay?"),
        new("*-", "{p} has {a} {k} with {b} {i} in each. {P} gives {c} {i} to {q}.", "How many {i} does {p} have left?"),
        new("*-", "There are {a} rows of {b} plants. {c} plants are sold.", "How many plants are left?"),
        new(
            "/+",
            "{p} and the others share {a} {i} equally among {b} children. Then {q} gives {p} {c} more.",
            "How many {i} does {p} have?"),
        new("/-", "{p} puts {a} {i} equally into {b} {k}. {P} takes {c} out of one of them.", "How many {i} are left in that one?"),
        new("+/", "{p} has {a} {i} and {q} has {b} {i}. They share them equally among {c} children.", "How many {i} does each child get?"),
        new("+/", "{p} finds {a} {i}, then {b} more, and puts them into {c} {k}, the same number in each.", "How many {i} are in each?"),
    ];
}
