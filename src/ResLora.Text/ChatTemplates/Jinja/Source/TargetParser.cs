using ResLora.Text.ChatTemplates.Jinja.Nodes;

namespace ResLora.Text.ChatTemplates.Jinja.Source;

/// <summary>Makes what stands before <c>=</c> and <c>in</c>.</summary>
/// <param name="stream">The tokens.</param>
internal sealed class TargetParser(TokenStream stream)
{
    private static readonly string[] _constants = ["true", "false", "none", "True", "False", "None"];

    /// <summary>What a loop puts its values into: names only.</summary>
    public Target Loop() => Several(withMembers: false);

    /// <summary>What <c>set</c> and <c>with</c> set: names, and attributes of namespaces.</summary>
    public Target Assignment() => Several(withMembers: true);

    private Target Several(bool withMembers)
    {
        List<Target> targets = [One(withMembers)];
        var isTuple = false;
        while (stream.Skip(","))
        {
            isTuple = true;
            if (stream.Current.Kind != TokenKind.Name && !stream.Current.Is("(") || stream.Current.IsWord("in"))
            {
                break;
            }

            targets.Add(One(withMembers));
        }

        return isTuple ? new TupleTarget(targets) : targets[0];
    }

    private Target One(bool withMembers)
    {
        Rendering.RequireStack();
        if (stream.Skip("("))
        {
            var inner = Several(withMembers);
            stream.Expect(")");
            return inner;
        }

        var token = stream.Expect(TokenKind.Name, "a variable's name");
        if (_constants.Contains(token.Text, StringComparer.Ordinal) || (!withMembers && token.Text == "loop"))
        {
            throw new JinjaError($"'{token.Text}' cannot be set", token.Place);
        }

        return withMembers && stream.Skip(".")
            ? new MemberTarget(token.Text, stream.Expect(TokenKind.Name, "an attribute's name").Text)
            : new NameTarget(token.Text);
    }
}
