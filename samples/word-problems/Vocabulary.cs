namespace WordProblems;

/// <summary>The words that fill the frames, and the sentences that say a number which does not matter.</summary>
public static class Vocabulary
{
    /// <summary>People, each with the pronouns as subject and as object.</summary>
    public static IReadOnlyList<(string Name, string Subject, string Object)> People { get; } =
    [
        ("Mia", "she", "her"), ("Ana", "she", "her"), ("Lea", "she", "her"), ("Ida", "she", "her"), ("Eva", "she", "her"),
        ("Zoe", "she", "her"), ("Ruth", "she", "her"), ("Nina", "she", "her"), ("Tom", "he", "him"), ("Ben", "he", "him"),
        ("Max", "he", "him"), ("Leo", "he", "him"), ("Sam", "he", "him"), ("Kai", "he", "him"), ("Hugo", "he", "him"), ("Paul", "he", "him"),
    ];

    /// <summary>Things that are counted.</summary>
    public static IReadOnlyList<string> Things { get; } =
    [
        "pears", "plums", "apples", "nuts", "cakes", "eggs", "marbles", "shells", "stamps", "cards", "stones", "beads",
        "buttons", "ribbons", "stickers", "candles", "kites", "cups",
    ];

    /// <summary>What things are put into.</summary>
    public static IReadOnlyList<string> Containers { get; } = ["bags", "boxes", "jars", "baskets", "trays"];

    /// <summary>Sentences whose number {d} has nothing to do with any question; the {i} and {j} of the problem never occur.</summary>
    public static IReadOnlyList<string> Distractors { get; } =
    [
        "{q} is {d} years old.", "There are {d} chairs in the room.", "The walk takes {d} minutes.", "It is {d} degrees outside.",
        "The house has {d} windows.", "{q} sees {d} clouds.", "The clock is {d} minutes slow.", "{q} sings {d} songs.",
        "There are {d} lamps in the street.", "It rained for {d} days.", "{q} lives in house number {d}.", "The shop closes in {d} minutes.",
    ];
}
