namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>Python's None, which JSON calls null.</summary>
internal sealed class NoneValue
{
    /// <summary>The only one.</summary>
    public static readonly NoneValue Instance = new();

    private NoneValue()
    {
    }
}
