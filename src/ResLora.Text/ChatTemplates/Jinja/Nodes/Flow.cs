namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>How a statement goes on.</summary>
internal enum Flow
{
    /// <summary>With the next statement.</summary>
    Next,

    /// <summary>Behind the loop.</summary>
    Break,

    /// <summary>With the next round of the loop.</summary>
    Continue,
}
