using ResLora.Text.Data;

namespace ResLora.Images.Folders;

/// <summary>A picture while its data set is being read: its class still has a name.</summary>
/// <param name="Source">Where it is.</param>
/// <param name="Split">The part of the data.</param>
/// <param name="Class">The name of its class; null where labels were not asked for.</param>
/// <param name="Caption">Its caption; null where captions were not asked for.</param>
internal sealed record PictureEntry(PictureSource Source, TaskSplit Split, string? Class, string? Caption);
