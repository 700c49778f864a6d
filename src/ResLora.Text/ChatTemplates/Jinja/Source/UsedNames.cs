using ResLora.Text.ChatTemplates.Jinja.Functions;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>
/// The names that a template uses: variables inside of macros, which say what a macro takes, and filters and tests, which must exist
/// unless a condition stands before them.
/// </summary>
internal sealed class UsedNames
{
    private readonly Stack<HashSet<string>> _macros = new();
    private readonly List<(string Name, bool IsFilter, SourcePlace Place)> _functions = [];

    /// <summary>A variable is read.</summary>
    public void Add(string name)
    {
        foreach (var macro in _macros)
        {
            macro.Add(name);
        }
    }

    /// <summary>A filter is used.</summary>
    public void AddFilter(string name, SourcePlace place) => _functions.Add((name, true, place));

    /// <summary>A test is used.</summary>
    public void AddTest(string name, SourcePlace place) => _functions.Add((name, false, place));

    /// <summary>A macro begins.</summary>
    public void EnterMacro() => _macros.Push(new HashSet<string>(StringComparer.Ordinal));

    /// <summary>A macro ends.</summary>
    /// <returns>The variables that it reads.</returns>
    public IReadOnlySet<string> LeaveMacro() => _macros.Pop();

    /// <summary>How many filters and tests there are so far.</summary>
    public int Mark() => _functions.Count;

    /// <summary>Those since a mark stand under a condition: they are looked up when it holds.</summary>
    public void Forgive(int mark) => _functions.RemoveRange(mark, _functions.Count - mark);

    /// <summary>Looks the others up.</summary>
    /// <exception cref="JinjaError">There is none of this name.</exception>
    public void Require()
    {
        foreach (var (name, isFilter, place) in _functions)
        {
            try
            {
                _ = isFilter ? FilterTable.Require(name) : TestTable.Require(name);
            }
            catch (JinjaError error) when (error.IsCaughtAt(place))
            {
                throw;
            }
        }
    }
}
