using System.Text;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Nodes;

/// <summary>Variables, with those of the frame around it, and where text goes.</summary>
/// <param name="rendering">The rendering.</param>
/// <param name="output">Where text goes.</param>
/// <param name="outer">The frame around it; null for the outermost.</param>
internal sealed class Frame(Rendering rendering, StringBuilder output, Frame? outer = null)
{
    private Dictionary<string, object>? _variables;

    /// <summary>The rendering.</summary>
    public Rendering Rendering { get; } = rendering;

    /// <summary>Where text goes.</summary>
    public StringBuilder Output { get; } = output;

    /// <summary>A frame inside of this one: what is set there is not seen here.</summary>
    /// <param name="captured">Where text goes; default: where it goes here.</param>
    public Frame Inner(StringBuilder? captured = null) => new(Rendering, captured ?? Output, this);

    /// <summary>Sets a variable here.</summary>
    public void Set(string name, object value) => (_variables ??= new(StringComparer.Ordinal))[name] = value;

    /// <summary>A variable of this frame or the nearest one around it that has it.</summary>
    public object Find(string name)
    {
        for (var frame = this; frame is not null; frame = frame.Outer)
        {
            if (frame._variables?.TryGetValue(name, out var value) == true)
            {
                return value;
            }
        }

        return Undefined.Variable(name);
    }

    /// <summary>Writes text.</summary>
    public void Write(string text)
    {
        Rendering.SpendText((long)Output.Length + text.Length > Rendering.MaxText ? long.MaxValue : text.Length);
        Output.Append(text);
    }

    private Frame? Outer { get; } = outer;
}
