namespace ResLora.Experiments.Configuration;

/// <summary>
/// Marks a setting that is a path. In a file it counts from that file's folder; on the command line, from the current folder.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ConfigPathAttribute : Attribute;
