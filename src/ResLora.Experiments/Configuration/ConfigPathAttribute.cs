using ResLora.Experiments.Places;

namespace ResLora.Experiments.Configuration;

/// <summary>
/// Marks a setting that is a path. In a file it counts from that file's folder; on the command line, from the current folder.
/// </summary>
/// <param name="kind">What else it may be: a name on a hub. Default nothing else.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ConfigPathAttribute(PlaceKind kind = PlaceKind.Local) : Attribute
{
    /// <summary>What may stand in the path's place.</summary>
    public PlaceKind Kind => kind;
}
