namespace ResLora.Text.Tokenization.Patterns;

/// <summary>Characters in brackets: <c>[^a-z\p{L}[:alpha:]&amp;&amp;[^x]]</c>.</summary>
/// <param name="Set">The characters, the complement already taken.</param>
/// <param name="Longer">Without regard to case: what several characters the set's folded ones are, such as ss for ß.</param>
internal readonly record struct PatternClass(CodePointSet Set, IReadOnlyList<int[]> Longer)
{
    private const int DeepestClass = 32;

    /// <summary>Reads a class.</summary>
    /// <param name="reader">The place behind the bracket.</param>
    /// <param name="ignoreCase">Whether case does not count.</param>
    /// <returns>The characters.</returns>
    public static PatternClass Read(PatternReader reader, bool ignoreCase)
    {
        // Case is folded before the complement is taken, and complements of several characters are not taken.
        var negated = reader.Take("^");
        var set = ReadUnion(reader, 0);
        set = ignoreCase ? CaseFolding.Close(set) : set;
        return new PatternClass(
            negated ? set.Not() : set,
            ignoreCase && !negated ? [.. CaseFolding.Full.Where(entry => set.Contains(entry.Point)).Select(entry => entry.Folded)] : []);
    }

    private static CodePointSet ReadUnion(PatternReader reader, int depth)
    {
        if (depth > DeepestClass)
        {
            throw reader.Unsupported($"more than {DeepestClass} nested classes");
        }

        CodePointSet? all = null;
        var part = CodePointSet.Empty;
        var isFirst = true;
        while (isFirst || reader.Next != ']')
        {
            if (reader.AtEnd || (isFirst && reader.Next == ']' && !reader.Rest[1..].Contains(']')))
            {
                throw reader.Unsupported("an open or empty character class");
            }

            if (reader.Take("&&"))
            {
                all = all?.And(part) ?? part;
                part = CodePointSet.Empty;
            }
            else
            {
                part = part.Or(ReadItem(reader, depth));
            }

            isFirst = false;
        }

        reader.Skip(1);
        return all?.And(part) ?? part;
    }

    private static CodePointSet ReadItem(PatternReader reader, int depth)
    {
        if (reader.Take("[:") && ReadPosix(reader) is { } posix)
        {
            return RequireNoRange(reader, posix);
        }

        if (reader.Take("["))
        {
            var negated = reader.Take("^");
            var inner = ReadUnion(reader, depth + 1);
            return negated ? inner.Not() : inner;
        }

        var first = ReadOne(reader);
        if (first.Set is { } set)
        {
            return RequireNoRange(reader, set);
        }

        // "a-z", but not the "-" that ends a class or stands before another class.
        if (reader.Next != '-' || reader.Rest is ['-', ']' or '[', ..] or ['-', '&', '&', ..])
        {
            return CodePointSet.Of(first.Point);
        }

        reader.Skip(1);
        if (reader.AtEnd)
        {
            throw reader.Unsupported("an open or empty character class");
        }

        var last = ReadOne(reader);
        return last.Set is null && last.Point >= first.Point
            ? CodePointSet.Of(first.Point, last.Point)
            : throw reader.Unsupported($"the range that begins with '{char.ConvertFromUtf32(first.Point)}'");
    }

    private static PatternEscape ReadOne(PatternReader reader) =>
        reader.Take("\\") ? PatternEscape.Read(reader, bracketed: true) : new PatternEscape(reader.ReadPoint());

    // [:alpha:] and [:^alpha:]; what only begins like that is a class within the class.
    private static CodePointSet? ReadPosix(PatternReader reader)
    {
        var end = reader.Rest.IndexOf(":]", StringComparison.Ordinal);
        var name = end < 0 ? "" : reader.Rest[..end].ToString();
        var set = PatternSets.FindBracketed(name.TrimStart('^'));
        if (set is null)
        {
            throw reader.Unsupported($"the class [:{name}");
        }

        reader.Skip(end + 2);
        return name.StartsWith('^') ? set.Not() : set;
    }

    // Behind a set, "-" is an error but at the end of the class.
    private static CodePointSet RequireNoRange(PatternReader reader, CodePointSet set) => reader.Rest is ['-', not ']', ..]
        ? throw reader.Unsupported("'-' at this place of a class")
        : set;
}
