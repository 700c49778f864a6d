namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Where a value is put.</summary>
internal abstract class Target
{
    /// <summary>Puts a value there.</summary>
    public abstract void Assign(Frame frame, object value);
}
