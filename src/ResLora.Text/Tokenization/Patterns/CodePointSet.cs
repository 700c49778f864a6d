namespace ResLora.Text.Tokenization.Patterns;

/// <summary>A set of Unicode's code points, kept as the places at which one steps into it or out of it.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    /// <summary>The highest code point plus one.</summary>
    public const int Bound = 0x110000;

    private readonly int[] _edges;

    private CodePointSet(int[] edges) => _edges = edges;

    /// <summary>No code point.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>Every code point.</summary>
    public static CodePointSet All { get; } = Of(0, Bound - 1);

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => _edges.Length == 0;

    /// <summary>Its code points as ranges without touching neighbours, in order.</summary>
    public IEnumerable<(int First, int Last)> Ranges => _edges.Chunk(2).Select(pair => (pair[0], pair[1] - 1));

    /// <summary>A range, or one code point.</summary>
    /// <param name="first">The first.</param>
    /// <param name="last">The last; null for <paramref name="first"/>.</param>
    /// <returns>The set.</returns>
    public static CodePointSet Of(int first, int? last = null) => new([first, (last ?? first) + 1]);

    /// <summary>The set that ranges make together.</summary>
    /// <param name="ranges">The ranges in order, without overlap.</param>
    /// <returns>The set.</returns>
    public static CodePointSet OfSorted(IEnumerable<(int First, int Last)> ranges)
    {
        var edges = new List<int>();
        foreach (var (first, last) in ranges)
        {
            if (edges.Count > 0 && edges[^1] == first)
            {
                edges[^1] = last + 1;
            }
            else
            {
                edges.AddRange([first, last + 1]);
            }
        }

        return new CodePointSet([.. edges]);
    }

    /// <summary>Whether a code point is in it.</summary>
    public bool Contains(int point)
    {
        var at = Array.BinarySearch(_edges, point);
        return (at >= 0 ? at + 1 : ~at) % 2 == 1;
    }

    /// <summary>What is in this set or the other.</summary>
    public CodePointSet Or(CodePointSet other) => Combine(other, (left, right) => left || right);

    /// <summary>What is in both sets.</summary>
    public CodePointSet And(CodePointSet other) => Combine(other, (left, right) => left && right);

    /// <summary>What is in exactly one of the sets.</summary>
    public CodePointSet Xor(CodePointSet other) => Combine(other, (left, right) => left != right);

    /// <summary>What is not in this set.</summary>
    public CodePointSet Not() => Xor(All);

    /// <inheritdoc/>
    public bool Equals(CodePointSet? other) => other is not null && _edges.AsSpan().SequenceEqual(other._edges);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var edge in _edges)
        {
            hash.Add(edge);
        }

        return hash.ToHashCode();
    }

    private CodePointSet Combine(CodePointSet other, Func<bool, bool, bool> isIn)
    {
        var edges = new List<int>(_edges.Length + other._edges.Length);
        for (int left = 0, right = 0; left < _edges.Length || right < other._edges.Length;)
        {
            var edge = Math.Min(At(_edges, left), At(other._edges, right));
            left += At(_edges, left) == edge ? 1 : 0;
            right += At(other._edges, right) == edge ? 1 : 0;
            if (isIn(left % 2 == 1, right % 2 == 1) != (edges.Count % 2 == 1))
            {
                edges.Add(edge);
            }
        }

        return new CodePointSet([.. edges]);

        static int At(int[] edges, int index) => index < edges.Length ? edges[index] : int.MaxValue;
    }
}
