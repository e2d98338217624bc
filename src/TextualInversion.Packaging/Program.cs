using System.Globalization;
using TextualInversion.Packaging;

const int Done = 0;
const int Failed = 1;
const int WrongUsage = 2;

try
{
    switch (args)
    {
        case ["archive", var folder, var file, var seconds]:
            var time = DateTimeOffset.FromUnixTimeSeconds(long.Parse(seconds, CultureInfo.InvariantCulture));
            FolderArchive.Write(folder, file, time);
            return Done;
        case ["notices", var folder, var assets]:
            Notices.Write(folder, assets);
            return Done;
        default:
            Console.Error.WriteLine(
                """
                usage: ti-packaging archive FOLDER FILE SECONDS
                         writes a .tar.gz or .zip in which all files have this time, in seconds since 1970
                       ti-packaging notices FOLDER ASSETS
                         writes the licenses and the list of the packages of a published program into its folder;
                         ASSETS is the project.assets.json that it was built from
                """
            );
            return WrongUsage;
    }
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
{
    Console.Error.WriteLine($"error: {error.Message}");
    return Failed;
}
