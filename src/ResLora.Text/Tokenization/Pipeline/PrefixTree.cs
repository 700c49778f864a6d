namespace ResLora.Text.Tokenization.Pipeline;

/// <summary>Texts with a number each, found by walking along a longer text character by character.</summary>
internal sealed class PrefixTree
{
    /// <summary>The node at which every walk begins.</summary>
    public const int Root = 0;

    private readonly Dictionary<(int Node, char Next), int> _edges = [];
    private readonly Dictionary<int, int> _ends = [];

    /// <summary>Adds a text; one that is there keeps its number.</summary>
    /// <param name="text">The text, not empty.</param>
    /// <param name="number">Its number.</param>
    public void Add(string text, int number)
    {
        var node = Root;
        foreach (var c in text)
        {
            _edges.TryAdd((node, c), _edges.Count + 1);
            node = _edges[(node, c)];
        }

        _ends.TryAdd(node, number);
    }

    /// <summary>Goes one character further.</summary>
    /// <param name="node">The node; afterwards the next one.</param>
    /// <param name="next">The character.</param>
    /// <returns>False when no text goes on like this.</returns>
    public bool TryStep(ref int node, char next) => _edges.TryGetValue((node, next), out node);

    /// <summary>The number of the text that ends at a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="number">The number.</param>
    /// <returns>False when no text ends there.</returns>
    public bool TryEnd(int node, out int number) => _ends.TryGetValue(node, out number);

    /// <summary>The longest text that begins at a place.</summary>
    /// <param name="text">The longer text.</param>
    /// <param name="start">The place.</param>
    /// <param name="node">Where the walk begins.</param>
    /// <returns>The number of what was found and where it ends, or null.</returns>
    public (int Number, int End)? Longest(string text, int start, int node = Root)
    {
        (int, int)? best = null;
        for (var i = start; i < text.Length && TryStep(ref node, text[i]); i++)
        {
            if (TryEnd(node, out var number))
            {
                best = (number, i + 1);
            }
        }

        return best;
    }
}
