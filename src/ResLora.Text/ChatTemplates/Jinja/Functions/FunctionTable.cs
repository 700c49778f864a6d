using System.Collections;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>Functions by their names.</summary>
internal sealed class FunctionTable : IEnumerable<NativeFunction>
{
    private readonly Dictionary<string, NativeFunction> _functions = new(StringComparer.Ordinal);

    /// <summary>All names.</summary>
    public IReadOnlyCollection<string> Names => _functions.Keys;

    /// <summary>A function; null when there is none of this name.</summary>
    public NativeFunction? Find(string name) => _functions.GetValueOrDefault(name);

    /// <summary>Adds a function under its names.</summary>
    /// <param name="names">The names, a bar between them; the first is the one for messages.</param>
    /// <param name="signature">As <see cref="NativeFunction"/> has it.</param>
    /// <param name="body">What it does.</param>
    public void Add(string names, string signature, Func<Rendering, BoundArguments, object> body)
    {
        var all = names.Split('|');
        var function = new NativeFunction(all[0], signature, body);
        foreach (var name in all)
        {
            _functions.Add(name, function);
        }
    }

    /// <summary>Adds all functions of another table.</summary>
    public FunctionTable With(FunctionTable other)
    {
        foreach (var (name, function) in other._functions)
        {
            _functions.Add(name, function);
        }

        return this;
    }

    public IEnumerator<NativeFunction> GetEnumerator() => _functions.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
