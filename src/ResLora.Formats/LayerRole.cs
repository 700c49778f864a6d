using System.Globalization;
using System.Text.RegularExpressions;

namespace ResLora.Formats;

/// <summary>What a layer is for: layers of one role follow each other in a network, such as all that project queries.</summary>
public static partial class LayerRole
{
    private const string Number = "*.";

    /// <summary>The usual role of a layer: its name, with a star for the first number in it.</summary>
    /// <param name="name">The dotted name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
    /// <returns>Such as <c>model.layers.*.self_attn.q_proj</c>.</returns>
    public static string Usual(string name) => FirstNumber().Replace(name, ".*.", 1);

    /// <summary>A short name for a role: what stands behind the number.</summary>
    /// <param name="role">The role.</param>
    /// <returns>Such as <c>self_attn.q_proj</c>.</returns>
    public static string NameOf(string role)
    {
        ArgumentNullException.ThrowIfNull(role);
        var star = role.IndexOf(Number, StringComparison.Ordinal);
        return star < 0 ? role : role[(star + Number.Length)..];
    }

    /// <summary>The first number in a layer's name, which counts the layers of a network.</summary>
    /// <param name="name">The dotted name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
    /// <returns>Such as 3; null where the name has none.</returns>
    public static int? NumberOf(string name) =>
        FirstNumber().Match(name) is { Success: true } match
            ? int.Parse(match.ValueSpan[1..^1], NumberStyles.None, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The last part of a layer's name; with the part before it where it is a number, such as <c>to_out.0</c>.</summary>
    /// <param name="name">The dotted name.</param>
    /// <returns>The end of the name.</returns>
    public static string LastPart(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var dot = name.LastIndexOf('.');
        if (dot > 0 && int.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            dot = name.LastIndexOf('.', dot - 1);
        }

        return name[(dot + 1)..];
    }

    [GeneratedRegex(@"\.\d{1,9}\.", RegexOptions.CultureInvariant)]
    private static partial Regex FirstNumber();
}
