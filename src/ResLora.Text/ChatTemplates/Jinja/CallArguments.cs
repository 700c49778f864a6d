namespace ResLora.Text.ChatTemplates.Jinja;

/// <summary>What is given to a call.</summary>
/// <param name="Positional">The arguments without a name.</param>
/// <param name="Named">Those with one, each name once, in order.</param>
internal sealed record CallArguments(IReadOnlyList<object> Positional, IReadOnlyList<(string Name, object Value)> Named)
{
    /// <summary>The same behind one more argument.</summary>
    /// <param name="first">The argument.</param>
    /// <returns>All of them.</returns>
    public CallArguments Behind(object first) => this with { Positional = [first, .. Positional] };
}
