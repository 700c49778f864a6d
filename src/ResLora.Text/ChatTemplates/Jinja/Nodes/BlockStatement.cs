namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Statements one after the other.</summary>
internal sealed class BlockStatement(IReadOnlyList<Statement> statements, SourcePlace place) : Statement(place)
{
    protected override Flow Run(Frame frame)
    {
        foreach (var statement in statements)
        {
            if (statement.Execute(frame) is not Flow.Next and var flow)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    /// <summary>What the statements write when they are done in a frame of their own.</summary>
    public string Capture(Frame frame)
    {
        var output = new System.Text.StringBuilder();
        Execute(frame.Inner(output));
        return output.ToString();
    }
}
