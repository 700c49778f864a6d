using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>What stands between the parentheses of a call.</summary>
/// <param name="Positional">Arguments without a name.</param>
/// <param name="Named">Arguments with one.</param>
/// <param name="Rest">What stands behind <c>*</c>.</param>
/// <param name="NamedRest">What stands behind <c>**</c>.</param>
internal sealed record Arguments(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Rest, Expression? NamedRest)
{
    /// <summary>None.</summary>
    public static Arguments None { get; } = new([], [], null, null);

    /// <summary>Their values.</summary>
    public CallArguments Evaluate(Frame frame)
    {
        List<object> positional = [.. Positional.Select(argument => argument.Evaluate(frame))];
        List<(string Name, object Value)> named = [.. Named.Select(argument => (argument.Name, argument.Value.Evaluate(frame)))];
        if (Rest is not null)
        {
            positional.AddRange(Iteration.List(frame.Rendering, Rest.Evaluate(frame)));
        }

        if (NamedRest is not null)
        {
            var dict = NamedRest.Evaluate(frame) as DictValue ?? throw new JinjaError("argument after ** must be a mapping");
            named.AddRange(dict.Entries.Select(entry =>
                (entry.Key as string ?? throw new JinjaError("keywords must be strings"), entry.Value)));
        }

        var twice = named.GroupBy(argument => argument.Name, StringComparer.Ordinal).FirstOrDefault(name => name.Count() > 1);
        return twice is null ? new CallArguments(positional, named)
            : throw new JinjaError($"got multiple values for keyword argument '{twice.Key}'");
    }
}
